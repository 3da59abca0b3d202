package plesk

import (
	"context"
	"crypto/rand"

	"github.com/severhq/sever/internal/access"
)

// Contain replaces the password by one that nobody knows. There is nothing milder,
// so both modes do the same, and every time: whether it was done before cannot be
// seen. Open connections are out of reach.
func (p *Panel) Contain(ctx context.Context, ref access.Ref, _ access.Mode) (access.Receipt, error) {
	op := op(access.Contain, ref)
	u, there, err := p.find(ctx, op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	if !there {
		return already, nil
	}
	if err := p.keeps(ctx, op, u); err != nil {
		return access.Receipt{}, err
	}
	if err := p.api.setPassword(ctx, u.ID, newPassword()); err != nil {
		return access.Receipt{}, classified(op, err)
	}
	return access.Receipt{Words: "password replaced by a random one; Plesk does not end open connections"}, nil
}

// The characters of a password: of every kind that a policy may ask for, and none
// that is written differently in XML, in JSON or in a URL, so that it can be found
// and hidden wherever it turns up.
var kinds = []string{"abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-_.~"}

// newPassword has 32 characters, about 180 bits, at least three of each kind.
func newPassword() string {
	const length, ofEach = 32, 3
	all := ""
	var out []byte
	for _, kind := range kinds {
		all += kind
		for range ofEach {
			out = append(out, kind[below(len(kind))])
		}
	}
	for len(out) < length {
		out = append(out, all[below(len(all))])
	}
	for i := len(out) - 1; i > 0; i-- { // any order
		j := below(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// below is a random number from 0 to n-1, for n up to 256, each equally likely.
func below(n int) int {
	limit := 256 - 256%n
	for {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails
		if int(b[0]) < limit {
			return int(b[0]) % n
		}
	}
}
