package simulator

// Seed is a team as there are many: a production cluster of each engine, an old one,
// a cache, and people who came and stayed.
func Seed() []Cluster {
	return []Cluster{
		{
			ID: "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30", Name: "shop-production", Engine: "pg", Databases: []string{"shop", "reporting"},
			Users: []User{{Name: "shop-app"}, {Name: "ada.lovelace", Replication: true}, {Name: "grace.hopper"}, {Name: "metabase"}},
			Pools: []Pool{
				{"shop", "transaction", 20, "shop", "shop-app"},
				{"ada-adhoc", "session", 3, "reporting", "ada.lovelace"},
				{"anybody", "session", 2, "reporting", ""},
			},
		},
		{
			ID: "1f4c7b2e-0d7a-4f0e-8f39-5f8bb3f1f1b2", Name: "blog", Engine: "mysql", Databases: []string{"wordpress"},
			Users: []User{{Name: "wordpress"}, {Name: "ada.lovelace", Plugin: "mysql_native_password"}},
		},
		{
			ID: "2b9a6a5c-77aa-4a5e-9f1d-6a6f0b6f6c03", Name: "catalogue", Engine: "mongodb", Databases: []string{"products", "prices"},
			Users: []User{
				{Name: "catalogue-app", Databases: []string{"products", "prices"}, MongoRole: "readWrite"},
				{Name: "ada.lovelace", Databases: []string{"products"}, MongoRole: "readOnly"},
			},
		},
		{
			ID: "3d0e8c11-2c7f-4b59-8a80-0a7c5b1e5d04", Name: "events", Engine: "kafka",
			Users: []User{
				{Name: "shipper", Rules: []Rule{{Pattern: "orders.*", Permission: "produceconsume"}}},
				{Name: "ada.lovelace", Rules: []Rule{
					{Pattern: "orders.*", Permission: "consume"}, {Pattern: "refunds", Permission: "produce"}, {Pattern: "audit.*", Permission: "consume"},
				}},
			},
		},
		{
			ID: "4e1f9d22-3d80-4c6a-9b91-1b8d6c2f6e05", Name: "logs", Engine: "opensearch",
			Users: []User{
				{Name: "fluentbit", Rules: []Rule{{Pattern: "logs-*", Permission: "write"}}},
				{Name: "ada.lovelace", Rules: []Rule{
					{Pattern: "logs-*", Permission: "read"}, {Pattern: "metrics-*", Permission: "readwrite"}, {Pattern: "logs-payroll", Permission: "deny"},
				}},
			},
		},
		{ID: "5f20ae33-4e91-4d7b-8ca2-2c9e7d307f06", Name: "cache", Engine: "valkey"},
	}
}
