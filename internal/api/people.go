package api

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// people adds who there is, and what they have.
func (s *Server) people() {
	records := s.Desk.Store
	register(s, call{id: "listPrincipals", method: http.MethodGet, path: "/v1/principals", tag: "people", act: roles.Read, command: "sever roster list",
		summary: "List who is there and who has left, and the last rosters"},
		func(ctx context.Context, in *struct {
			Page
			Left bool `query:"left" doc:"Only who has left."`
		}) (paper.PeopleList, error) {
			list, err := paper.People(ctx, records, in.Left)
			if err != nil {
				return list, err
			}
			list.People, list.Next, err = cut(list.People, in.Page, func(p paper.Person) string { return string(p.ID) })
			return list, err
		})
	register(s, call{id: "listIdentities", method: http.MethodGet, path: "/v1/identities", tag: "people", act: roles.Read, command: "sever identities list",
		summary: "List who has which account, and how that is known",
		text:    "Links that naming rules generate are shown for one principal or one connection."},
		func(ctx context.Context, in *struct {
			Page
			Principal  access.PrincipalID `query:"principal"`
			Connection string             `query:"connection"`
			Account    string             `query:"account"`
		}) (paper.IdentityList, error) {
			f := store.IdentityFilter{Principal: in.Principal, Connection: in.Connection, Account: in.Account}
			list, err := paper.Identities(ctx, records, s.Desk.Connections, f, store.Page{})
			if err != nil {
				return list, err
			}
			list.Identities, list.Next, err = cut(list.Identities, in.Page, func(id access.Identity) string {
				return digest(string(id.Principal), id.Connection, id.Account, id.Host, string(id.Evidence))
			})
			return list, err
		})
	register(s, call{id: "listSecrets", method: http.MethodGet, path: "/v1/secrets", tag: "people", act: roles.Read, command: "sever secrets list",
		summary: "List who could know which shared secret, and who rotates it", text: "Names of secrets; their values are nowhere."},
		func(ctx context.Context, in *struct {
			Page
			Principal access.PrincipalID `query:"principal"`
		}) (paper.SecretList, error) {
			list, err := paper.Secrets(ctx, records, in.Principal)
			if err != nil {
				return list, err
			}
			list.Secrets, list.Next, err = cut(list.Secrets, in.Page, func(k paper.Secret) string { return digest(string(k.Principal), k.Secret) })
			return list, err
		})
}
