package main

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/scim"
)

// later is a server that is made after what is mounted on it.
type later struct{ *api.Server }

// provisionedSettings say how a directory is understood.
type provisionedSettings struct {
	Principal string `env:"SEVER_SCIM_PRINCIPAL"`
}

// provisioned answers directories at /scim/v2/.
func provisioned(_ context.Context, s serving) (http.Handler, error) {
	settings, err := config.Parse[provisionedSettings](s.vars, "")
	if err != nil {
		return nil, desk.Invalidf("%w", err)
	}
	naming, err := scim.ParseNaming(settings.Principal)
	if err != nil {
		return nil, desk.Invalidf("SEVER_SCIM_PRINCIPAL: %w", err).Then("see: sever help scim")
	}
	return scim.New(scim.Options{Records: s.desk.Store, Who: s.who, Naming: naming, Log: s.log}), nil
}
