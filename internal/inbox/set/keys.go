package set

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How long keys are good for, and how often they are asked for.
const (
	fresh  = 10 * time.Minute // asked for anew after that
	stale  = time.Hour        // believed so long while the issuer does not answer: who revokes a key expects it to be gone
	pause  = 30 * time.Second // between two times that we ask, whoever sends tokens with keys that nobody knows
	within = 5 * time.Second
)

var (
	errKeysAway   = errors.New("the keys of the issuer cannot be had now")
	errUnknownKey = errors.New("no key of the issuer has this name")
)

// keys are those that an issuer publishes. They are safe for concurrent use.
type keys struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu     sync.Mutex // held while they are asked for: the others wait for the answer
	byName map[string]jose.JSONWebKey
	got    time.Time // when they were had
	tried  time.Time
}

func newKeys(url string) *keys {
	return &keys{url: url, now: time.Now, client: &http.Client{Timeout: within,
		// Whoever can redirect us chooses whom we believe.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// named is the key of that name. errUnknownKey says that the issuer has none such;
// errKeysAway that this is not known now.
func (k *keys) named(ctx context.Context, name string) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, have := k.byName[name]
	if have && k.now().Sub(k.got) < fresh {
		return key, nil
	}
	var away error
	if asked := k.now(); asked.Sub(k.tried) >= pause {
		k.tried = asked
		if away = k.fetch(ctx); away == nil {
			k.got = asked
		}
		key, have = k.byName[name]
	}
	switch {
	case have && k.now().Sub(k.got) < stale:
		return key, nil
	case !have && !k.got.IsZero() && k.got.Equal(k.tried):
		return key, errUnknownKey // the last answer of the issuer is no older than the pause
	case away != nil:
		return key, fmt.Errorf("%w: %w", errKeysAway, away)
	}
	return key, errKeysAway
}

// fetch asks the issuer. Keys that we cannot use are passed over.
func (k *keys) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	res, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", k.url, res.Status)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	found, err := readKeys(text)
	if err == nil {
		k.byName = found
	}
	return err
}

// readKeys are the public keys of a JWK set that can verify, by their names.
func readKeys(text []byte) (map[string]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || set.Keys == nil {
		return nil, errors.New("the answer is no set of keys")
	}
	out := map[string]jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil || !usable(key) {
			continue
		}
		if _, twice := out[key.KeyID]; twice {
			return nil, fmt.Errorf("the answer has two keys of the name %q", key.KeyID)
		}
		out[key.KeyID] = key
	}
	return out, nil
}

func usable(key jose.JSONWebKey) bool {
	if key.KeyID == "" || !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
		return false
	}
	r, isRSA := key.Key.(*rsa.PublicKey)
	return !isRSA || r.N.BitLen() >= 2048
}
