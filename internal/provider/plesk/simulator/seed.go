package simulator

import "fmt"

// Seed fills the server with two agencies: shops, their applications, people with
// users of their own, somebody with a universal user, a PostgreSQL server beside
// MySQL, and a database that has one user only.
//
// Whoever rehearses a departure takes ada: she has a user in shop, which is its
// default one, a user in the warehouse, and a universal one.
func (s *Server) Seed() {
	mysql, postgres := s.DBServer("mysql"), s.DBServer("postgresql")
	north, south := s.Subscription("north.example"), s.Subscription("south.example")
	password := func(login string) string { return "seed-" + login + "-password" }
	add := func(database int, login string, hosts ...string) {
		s.Plant(User{Database: database, Login: login, Password: password(login), Hosts: hosts, Role: "readWrite"})
	}
	shop := s.Database(north, mysql, "shop")
	add(shop, "ada", "%")
	add(shop, "shop_app", "localhost")
	add(shop, "adam", "10.0.0.%")
	blog := s.Database(north, mysql, "blog")
	add(blog, "blog_app", "localhost")
	add(blog, "grace", "%")
	warehouse := s.Database(north, postgres, "warehouse")
	add(warehouse, "warehouse_app")
	add(warehouse, "ada")
	crm := s.Database(south, mysql, "crm")
	add(crm, "crm_app", "localhost")
	add(crm, "bob", "%")
	add(s.Database(south, postgres, "archive"), "archivist")
	s.Plant(User{Subscription: south, Server: mysql, Login: "ada_all", Password: password("ada_all"), Role: "readOnly"})
	s.Plant(User{Subscription: north, Server: mysql, Login: "backup", Password: password("backup"), Role: "readOnly"})
	for i := range 20 {
		db := s.Database(south, mysql, fmt.Sprintf("site%02d", i+1))
		add(db, fmt.Sprintf("site%02d_app", i+1), "localhost")
	}
}
