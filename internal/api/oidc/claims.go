package oidc

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

func known(role string) bool { return slices.Contains(roles.All, roles.Role(role)) }

// actor is the name of who acts. An address that the issuer has not verified could be
// anybody's.
func (i *Issuer) actor(claims map[string]any) (string, error) {
	name, _ := at(claims, i.settings.Actor).(string)
	if name == "" {
		return "", &api.StrangerError{Why: "the token does not have the claim " + i.settings.Actor + ", which says who it is"}
	}
	if i.settings.Actor == "email" && claims["email_verified"] != true && claims["email_verified"] != "true" {
		return "", &api.StrangerError{Why: "the issuer has not verified the address in the token (email_verified)"}
	}
	if err := desk.ValidName("the claim "+i.settings.Actor, name); err != nil {
		return "", &api.StrangerError{Why: err.Error()}
	}
	return name, nil
}

// rolesOf are the roles that the claim gives. What it says beyond those is about other
// programs.
func (i *Issuer) rolesOf(claims map[string]any) []roles.Role {
	var values []string
	switch v := at(claims, i.settings.Claim).(type) {
	case string:
		values = strings.Fields(v)
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				values = append(values, s)
			}
		}
	}
	var out []roles.Role
	for _, role := range roles.All {
		for _, value := range values {
			if slices.Contains(strings.Split(i.roles[value], ","), string(role)) && !slices.Contains(out, role) {
				out = append(out, role)
			}
		}
	}
	return out
}

// at is a claim by its name, or by its path: realm_access.roles. A claim whose name has
// dots of its own, as a URL, comes first.
func at(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	first, rest, deeper := strings.Cut(path, ".")
	inner, ok := claims[first].(map[string]any)
	if !deeper || !ok {
		return nil
	}
	return at(inner, rest)
}
