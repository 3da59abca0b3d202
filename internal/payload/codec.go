package payload

import (
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encoding = "binary/sever-aes-256-gcm"
	keyID    = "encryption-key-id"

	// compressAbove is the size, in bytes, above which a payload is compressed before
	// it is encrypted. Encrypted data no longer compresses in Temporal's database, and
	// below this the gain is smaller than the work.
	compressAbove = 2 << 10
)

// small compresses, but only where that makes the payload smaller.
var small = converter.NewZlibCodec(converter.ZlibCodecOptions{})

// Codec encrypts and decrypts payloads. It passes through what is in the clear or
// encoded by somebody else.
type Codec struct {
	keys *Keys
	// insist makes what cannot be read a panic.
	insist bool
}

var _ converter.PayloadCodec = (*Codec)(nil)

// Codec is for programs that ask and answer: what cannot be decrypted is an error.
func (k *Keys) Codec() *Codec { return &Codec{keys: k} }

// WorkerCodec is for workers: what cannot be decrypted is a panic. Temporal ends a
// workflow for good when decoding returns an error; after a panic it tries the task
// again, so the case waits until the worker has been given the key.
func (k *Keys) WorkerCodec() *Codec { return &Codec{keys: k, insist: true} }

// Encode encrypts with the first key. Without keys it changes nothing.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	id := c.keys.Active()
	if id == "" {
		return payloads, nil
	}
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		b, err := squeeze(p)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), keyID: []byte(id)},
			Data:     c.keys.seal(id, b),
		}
	}
	return out, nil
}

// squeeze is the payload as bytes, compressed if it is large.
func squeeze(p *commonpb.Payload) ([]byte, error) {
	if proto.Size(p) > compressAbove {
		smaller, err := small.Encode([]*commonpb.Payload{p})
		if err != nil {
			return nil, err
		}
		p = smaller[0]
	}
	return proto.Marshal(p)
}

// Decode decrypts what Encode made, with whichever of the keys. The error, or the
// panic, names the key and says nothing about the content.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		plain, err := c.open(p)
		if err != nil && c.insist {
			panic(err)
		}
		if err != nil {
			return nil, err
		}
		out[i] = plain
	}
	return out, nil
}

func (c *Codec) open(p *commonpb.Payload) (*commonpb.Payload, error) {
	id := string(p.GetMetadata()[keyID])
	aead, ok := c.keys.ciphers[id]
	if !ok {
		return nil, &UnknownKeyError{ID: printable(id), Known: c.keys.IDs()}
	}
	b, err := aead.Open(nil, nil, p.GetData(), bound(id))
	if err != nil {
		return nil, fmt.Errorf("a payload that names the key %q does not decrypt with it: it was changed, or another key has that id in %s", id, Variable)
	}
	plain := &commonpb.Payload{}
	if err := proto.Unmarshal(b, plain); err != nil {
		return nil, fmt.Errorf("a payload decrypts with the key %q and is no payload", id)
	}
	opened, err := small.Decode([]*commonpb.Payload{plain})
	if err != nil {
		return nil, fmt.Errorf("a payload decrypts with the key %q and does not decompress", id)
	}
	return opened[0], nil
}

// seal draws the nonce itself and puts it in front.
func (k *Keys) seal(id string, b []byte) []byte {
	var none []byte
	return k.ciphers[id].Seal(nil, none, b, bound(id)) //nolint:gosec // NewGCMWithRandomNonce takes no nonce
}

// bound is authenticated with the content, so that the id beside it cannot be changed.
func bound(id string) []byte { return []byte(encoding + " " + id) }

// printable keeps an id from a history, which anybody may have written, off terminals.
func printable(id string) string {
	if !validID.MatchString(id) {
		return strings.ToValidUTF8(fmt.Sprintf("%.64q", id), "?")
	}
	return id
}

// UnknownKeyError says that a payload was encrypted with a key that is not configured.
type UnknownKeyError struct {
	ID    string
	Known []string
}

func (e *UnknownKeyError) Error() string {
	known := "which has none"
	if len(e.Known) > 0 {
		known = "which has " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("a payload is encrypted with the key %s, and that key is not in %s, %s: add it behind the others", e.ID, Variable, known)
}
