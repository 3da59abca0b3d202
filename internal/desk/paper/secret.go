package paper

import (
	"context"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// Secret is a shared secret: its name, never its value.
type Secret struct {
	Principal  access.PrincipalID `json:"principal"`
	Secret     string             `json:"secret"`
	Owner      string             `json:"owner"`
	How        string             `json:"how,omitempty"`
	ImportedBy string             `json:"imported_by,omitempty"`
	ImportedAt time.Time          `json:"imported_at,omitzero"`
}

// SecretOf is the document of a shared secret.
func SecretOf(s store.SharedSecret) Secret {
	return Secret{s.Principal, s.Name, s.Owner, s.How, s.ImportedBy, s.ImportedAt}
}

// SecretList is who could know which shared secret.
type SecretList struct {
	Secrets []Secret `json:"secrets"`
	Next    string   `json:"next,omitempty"`
}

// Secrets lists the shared secrets of a principal, or all.
func Secrets(ctx context.Context, s *store.Store, principal access.PrincipalID) (SecretList, error) {
	found, err := s.SharedSecrets(ctx, principal)
	if err != nil {
		return SecretList{}, err
	}
	out := SecretList{Secrets: []Secret{}}
	for _, k := range found {
		out.Secrets = append(out.Secrets, SecretOf(k))
	}
	return out, nil
}
