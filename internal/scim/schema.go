package scim

import (
	"slices"
	"strings"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// The schemas of a user.
const (
	coreURN       = schema.UserSchema
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	// severURN is ours: when the access ends, and why.
	severURN = "urn:severhq:params:scim:schemas:extension:1.0:User"
)

// kept are the core attributes that are stored. All others of the core schema may be
// sent and are passed over: they are personal, and nothing here needs them.
var kept = []string{"userName", "name", "displayName", "title", "userType", "active", "emails"}

// passed are names of no schema of ours that may stand in any resource.
var passed = []string{"schemas", "id", "meta", "groups"}

var (
	core       = withExternalID(schema.CoreUserSchema())
	enterprise = schema.ExtensionEnterpriseUser()
	sever      = schema.Schema{
		ID: severURN, Name: optional.NewString("Sever"), Description: optional.NewString("How the access of a user ends who stops being active."),
		Attributes: []schema.CoreAttribute{
			schema.SimpleCoreAttribute(schema.SimpleDateTimeParams(schema.DateTimeParams{Name: "effectiveAt",
				Description: optional.NewString("When the access ends; at once when it is absent or has passed. It is read at the moment the user stops being active.")})),
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "reason", CanonicalValues: []string{"hr", "incident"},
				Description: optional.NewString("Why the access ends; hr when it is absent. An incident begins at once.")})),
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "ticket", CaseExact: true,
				Description: optional.NewString("The ticket that the case carries.")})),
		},
	}
	extensions = []schema.Schema{enterprise, sever}
)

// withExternalID adds the one common attribute that a directory writes.
func withExternalID(s schema.Schema) schema.Schema {
	s.Attributes = append(slices.Clone(s.Attributes), schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
		Name: schema.CommonAttributeExternalID, CaseExact: true, Description: optional.NewString("The id that the directory itself gave."),
	})))
	return s
}

// published is the core schema as far as it is kept.
func published() schema.Schema {
	s := schema.CoreUserSchema()
	s.Attributes = slices.DeleteFunc(slices.Clone(s.Attributes), func(a schema.CoreAttribute) bool { return !slices.Contains(kept, a.Name()) })
	return s
}

// keeps reports whether a core attribute is stored.
func keeps(a schema.CoreAttribute) bool {
	return a.Name() == schema.CommonAttributeExternalID || slices.Contains(kept, a.Name())
}

// extension is the schema of that URN, in any spelling.
func extension(urn string) (schema.Schema, bool) {
	i := slices.IndexFunc(extensions, func(s schema.Schema) bool { return strings.EqualFold(s.ID, urn) })
	if i < 0 {
		return schema.Schema{}, false
	}
	return extensions[i], true
}

func isURN(name string) bool { return len(name) > 4 && strings.EqualFold(name[:4], "urn:") }
