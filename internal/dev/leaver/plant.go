package leaver

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/postgres"
)

// Site is a server with people on it.
type Site struct {
	server   *postgres.Server
	password string
}

// Ada is the leaver: she owns things, has privileges in two databases and groups within
// groups, is named in default privileges, and gave access to others. Bob owns a table
// and nobody receives it; the account svc_billing is his too, and it is protected. Carol
// reads and writes, and owns nothing.
const (
	Ada, Bob, Carol, Service, Successor = "ada", "bob", "carol", "svc_billing", "grace"
	adminRole                           = "sever_admin"
)

// Databases are the three that the people reach, the first two Ada's.
var Databases = []string{"shop", "warehouse", "ledger"}

// Plant makes the databases, the groups and the people.
func Plant(ctx context.Context, s *postgres.Server) (*Site, error) {
	site := &Site{server: s, password: rand.Text()}
	for _, d := range Databases {
		if err := s.CreateDatabase(ctx, d); err != nil {
			return nil, fmt.Errorf("plant database %s: %w", d, err)
		}
	}
	for _, part := range []struct{ database, script string }{
		{"postgres", roles}, {"shop", shop}, {"warehouse", warehouse}, {"ledger", ledger},
	} {
		if err := site.run(ctx, part.database, part.script); err != nil {
			return nil, fmt.Errorf("plant in database %s: %w", part.database, err)
		}
	}
	return site, nil
}

// Admin is how the demonstration's Sever logs in.
func (s *Site) Admin() config.Secret { return config.NewSecret(s.as(adminRole, "postgres")) }

// Addr is the server's address.
func (s *Site) Addr() string { return s.server.Addr }

func (s *Site) run(ctx context.Context, database, script string) error {
	c, err := pgx.Connect(ctx, s.server.URL(database))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	_, err = c.Exec(ctx, strings.ReplaceAll(script, "{password}", s.password))
	return err
}

// as is the connection string of somebody; all have the same password.
func (s *Site) as(role, database string) string {
	u, err := url.Parse(s.server.URL(database))
	if err != nil {
		panic("leaver: " + err.Error()) // the server's own URL
	}
	u.User = url.UserPassword(role, s.password)
	return u.String()
}

const roles = `
create role sever_admin login superuser password '{password}';
create role grace login password '{password}';
create role intern login password '{password}';
create role ada login password '{password}' valid until '2040-01-01';
create role bob login password '{password}';
create role carol login password '{password}';
create role svc_billing login password '{password}';
create role everybody; create role analysts; create role reporting; create role deployers;
grant everybody to analysts; grant analysts to reporting;
grant reporting to ada; grant deployers to ada with admin option;
grant analysts to bob;
grant reporting to carol;
alter role ada set work_mem = '64MB';
grant connect on database shop, warehouse to ada;
comment on role ada is 'Ada Lovelace, E1042';
`

const shop = `
create schema sales;
grant usage, create on schema sales to ada;
grant usage on schema sales to everybody, grace;
set role ada;
create table sales.orders (id serial primary key, customer text, total numeric);
create table sales.order_lines (id serial primary key, order_id int references sales.orders, item text);
insert into sales.orders (customer, total) select 'customer ' || n, n from generate_series(1, 1000) n;
create view sales.big_orders as select * from sales.orders where total > 900;
create function sales.revenue() returns numeric language sql as 'select sum(total) from sales.orders';
grant select on sales.orders to intern with grant option;
alter default privileges in schema sales grant select on tables to everybody;
reset role;
create table public.customers (id serial primary key, name text, card text);
grant select, update on public.customers to ada;
grant select (id, name) on public.customers to analysts;
alter default privileges for role grace in schema public grant select, insert on tables to ada;
`

const warehouse = `
create table public.stock (item text primary key, n int);
insert into public.stock values ('bolt', 10), ('nut', 12);
grant select, insert, update on public.stock to ada;
grant select, insert on public.stock to carol;
grant select on public.stock to everybody;
create schema staging authorization ada;
create table staging.import (line text); alter table staging.import owner to ada;
`

const ledger = `
create table public.bookings (id serial primary key, amount numeric); alter table public.bookings owner to bob;
grant select on public.bookings to everybody;
grant select, insert on public.bookings to svc_billing;
`
