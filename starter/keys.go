package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/provider"
)

func (a *app) keysCommand() *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Make keys that encrypt what Temporal stores",
		Long: `Inputs, results and the words of failures are encrypted with AES-256-GCM before Temporal
sees them, with the first key of SEVER_PAYLOAD_KEYS. Every other key there still decodes.

To begin: give every worker and every command line the same key. Cases that run already
go on; what was stored in the clear stays readable, and stays in the clear.

To replace a key: add the new one behind the old one everywhere, then put it first
everywhere, then remove the old one when no workflow from its time is kept any more
(Temporal's retention after the last such case was closed). A worker that lacks a key
leaves the cases that need it waiting, and goes on with them when it has it.`,
	}
	keys.AddCommand(&cobra.Command{
		Use:   "new [id]",
		Short: "Print a fresh key as an entry for SEVER_PAYLOAD_KEYS",
		Long: `Prints id=base64 on standard output and stores it nowhere. It is a secret: send it to a
file or a secret store, and name the file in SEVER_PAYLOAD_KEYS_FILE. The id is stored
in the clear with everything that the key encrypts; without one it is drawn.

  (umask 077 && sever keys new > payload-keys)`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(a.newKey),
	})
	return keys
}

// newKeyReport is the JSON of keys new.
type newKeyReport struct {
	Entry string `json:"entry"`
}

func (a *app) newKey(_ context.Context, args []string) error {
	id := drawnID()
	if len(args) > 0 {
		id = args[0]
	}
	entry, err := payload.NewKey(id)
	if err != nil {
		return desk.Invalidf("%w", err)
	}
	if a.json {
		a.out.document(newKeyReport{entry})
		return nil
	}
	a.out.line(entry)
	return nil
}

func drawnID() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return "k" + hex.EncodeToString(b)
}

// payloadCheck says how the payloads of this installation are stored.
func (a *app) payloadCheck() provider.Check {
	c := provider.Check{Name: "payloads at Temporal are encrypted"}
	keys, err := payload.FromVars(a.vars)
	switch {
	case err != nil:
		c.Fatal, c.Detail, c.Remedy = true, err.Error(), "correct it: no worker starts with it"
	case keys.Active() == "":
		c.Detail = "SEVER_PAYLOAD_KEYS is not set: whoever may read the namespace reads the words of other systems, and names of accounts in them"
		c.Remedy = "sever keys new, and the same SEVER_PAYLOAD_KEYS for every worker and command line"
	default:
		c.OK = true
		c.Detail = "AES-256-GCM; the key " + keys.Active() + " encrypts"
		if more := len(keys.IDs()) - 1; more > 0 {
			c.Detail += ", " + plural(more, "other key decodes", "other keys decode")
		}
	}
	return c
}
