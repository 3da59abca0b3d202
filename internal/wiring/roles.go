package wiring

import (
	"errors"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/roles"
)

// RolesOf reads who may do what. The worker and the command line read the same
// variables. A malformed one is an error, and so is one that names no file.
func RolesOf(vars config.Vars) (roles.Roles, error) {
	set := map[string]string{}
	var errs []error
	for _, r := range roles.All {
		value, ok, err := config.Lookup(vars, r.Variable())
		if errs = append(errs, err); ok {
			set[r.Variable()] = value
		}
	}
	if err := errors.Join(errs...); err != nil {
		return roles.Roles{}, err
	}
	return roles.Parse(set)
}
