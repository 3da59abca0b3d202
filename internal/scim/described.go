package scim

import (
	"fmt"
	"net/http"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
)

// described answers what this server is: its configuration, schemas and types.
func described() http.Handler {
	h, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{DocumentationURI: optional.NewString("https://github.com/severhq/sever"), MaxResults: maxPage, SupportFiltering: true, SupportPatch: true,
			AuthenticationSchemes: []scim.AuthenticationScheme{{Type: scim.AuthenticationTypeOauthBearerToken, Name: "Bearer token", Primary: true,
				Description: "A token of the HTTP interface: sever tokens create", SpecURI: optional.NewString("https://www.rfc-editor.org/rfc/rfc6750")}}},
		ResourceTypes: []scim.ResourceType{{ID: optional.NewString("User"), Name: "User", Endpoint: "/Users",
			Description: optional.NewString("A person whose access ends when she leaves"), Schema: published(),
			SchemaExtensions: []scim.SchemaExtension{{Schema: enterprise}, {Schema: sever}}}},
	})
	if err != nil {
		panic(fmt.Sprintf("scim: %v", err)) // constants; it cannot fail
	}
	return h
}
