package simulator

import "crypto/rand"

// Seed is a small agency: a shop, a blog and an internal tool on two hostings, with
// people, programs and one account that several databases share.
func Seed() []Hosting {
	user := func(name, internal, external string) User { return User{name, rand.Text(), internal, external} }
	return []Hosting{
		{
			ID: "NW1024", Domain: "shop.example.com", Offer: "WEB_PREMIUM", Status: "ACTIVE",
			Databases: []string{"NW1024_shop", "NW1024_blog", "NW1024_stats", "NW1024_archive"},
			Users: []User{
				user("NW1024_ada", "RW", "RW"), user("NW1024_adam", "RO", "NO"), user("NW1024_grace", "RW", "RO"),
				user("NW1024_shopapp", "RW", "NO"), user("NW1024_blogapp", "RW", "NO"), user("NW1024_report", "RO", "RO"),
			},
			Links: []Link{
				{"NW1024_shop", "NW1024_ada"}, {"NW1024_blog", "NW1024_ada"}, {"NW1024_stats", "NW1024_ada"},
				{"NW1024_stats", "NW1024_adam"}, {"NW1024_archive", "NW1024_grace"}, {"NW1024_shop", "NW1024_shopapp"},
				{"NW1024_blog", "NW1024_blogapp"}, {"NW1024_shop", "NW1024_report"}, {"NW1024_stats", "NW1024_report"},
			},
		},
		{
			ID: "NW2048", Domain: "tools.example.net", Offer: "WEB_START", Status: "ACTIVE",
			Databases: []string{"NW2048_wiki", "NW2048_tickets"},
			Users:     []User{user("NW2048_ada", "RO", "NO"), user("NW2048_wikiapp", "RW", "NO"), user("NW2048_tom", "NO", "NO")},
			Links:     []Link{{"NW2048_wiki", "NW2048_ada"}, {"NW2048_wiki", "NW2048_wikiapp"}, {"NW2048_tickets", "NW2048_tom"}},
		},
	}
}
