package hook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/inbox"
)

// The variables of webhooks.
const (
	Variable = "SEVER_HOOKS" // their names: hris,payroll
	Prefix   = "SEVER_HOOK_"
)

// settings are those of one webhook.
type settings struct {
	// Secret signs what is sent: whsec_ and base64, at least 24 bytes.
	Secret config.Secret `env:"SECRET,required,notEmpty"`
	// Old is the secret before it, while the sender changes to the new one.
	Old config.Secret `env:"OLD_SECRET"`
	// Mapping is the file that says what messages mean.
	Mapping string `env:"MAPPING,required,notEmpty"`
}

// Source is a sender of webhooks.
type Source struct {
	Name    string
	Mapping *Mapping
	keys    []*standardwebhooks.Webhook
}

// Actor is the sender as the roles know it.
func (s *Source) Actor() string { return "webhook:" + s.Name }

// Sources are the webhooks that are configured, by name.
type Sources map[string]*Source

// Open reads the webhooks that the variables configure. The error names everything that
// is wrong.
func Open(vars config.Vars) (Sources, error) {
	senders, err := inbox.Senders(vars, Variable, Prefix)
	errs := []error{err}
	out := Sources{}
	for _, sender := range senders {
		s, err := open(sender, vars)
		if err != nil {
			errs = append(errs, fmt.Errorf("webhook %s: %w", sender.Name, err))
			continue
		}
		out[sender.Name] = s
	}
	return out, errors.Join(errs...)
}

func open(sender inbox.Sender, vars config.Vars) (*Source, error) {
	set, err := config.Parse[settings](vars, sender.Prefix)
	if err != nil {
		return nil, err
	}
	s := &Source{Name: sender.Name}
	for _, secret := range []struct {
		name  string
		value config.Secret
	}{{"SECRET", set.Secret}, {"OLD_SECRET", set.Old}} {
		if secret.value.Empty() {
			continue
		}
		key, err := keyOf(secret.value)
		if err != nil {
			return nil, fmt.Errorf("%s%s %w", sender.Prefix, secret.name, err)
		}
		s.keys = append(s.keys, key)
	}
	text, err := os.ReadFile(set.Mapping)
	if err != nil {
		return nil, fmt.Errorf("%sMAPPING: %w", sender.Prefix, err)
	}
	if s.Mapping, err = ParseMapping(text); err != nil {
		return nil, fmt.Errorf("%sMAPPING, %s: %w", sender.Prefix, set.Mapping, err)
	}
	return s, nil
}

// keyOf refuses what anybody could guess. Its error says nothing of the secret.
func keyOf(secret config.Secret) (*standardwebhooks.Webhook, error) {
	text, prefixed := strings.CutPrefix(secret.Reveal(), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !prefixed || len(key) < 24 {
		return nil, errors.New("is not whsec_ with the base64 of 24 random bytes or more: (echo -n whsec_; openssl rand -base64 32)")
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// verify says why a message is not believed to come from the sender now.
func (s *Source) verify(body []byte, h http.Header) error {
	var err error
	for _, key := range s.keys {
		if err = key.Verify(body, h); err == nil {
			return nil
		}
	}
	return err
}
