package payload_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
)

const content = "ada@example.com has words that nobody else may read"

func keys(t testing.TB, entries ...string) *payload.Keys {
	t.Helper()
	k, err := payload.ParseKeys(config.NewSecret(strings.Join(entries, ",")))
	require.NoError(t, err)
	return k
}

var (
	first  = "first=" + key('1', 32)
	second = "second=" + key('2', 32)
	// posing has the id of the first key and is another one.
	posing = "first=" + key('3', 32)
)

func plain(t testing.TB, value any) *commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(value)
	require.NoError(t, err)
	return p
}

func encode(t testing.TB, k *payload.Keys, p ...*commonpb.Payload) []*commonpb.Payload {
	t.Helper()
	before := make([]*commonpb.Payload, len(p))
	for i := range p {
		before[i] = proto.CloneOf(p[i])
	}
	out, err := k.Codec().Encode(p)
	require.NoError(t, err)
	require.Len(t, out, len(p))
	for i := range p {
		require.True(t, proto.Equal(before[i], p[i]), "what was given must not be changed")
	}
	return out
}

func TestWhatIsEncryptedComesBack(t *testing.T) {
	t.Parallel()
	k := keys(t, first)
	for name, p := range map[string]*commonpb.Payload{
		"words":   plain(t, content),
		"nothing": plain(t, nil),
		"bytes":   plain(t, []byte(content)),
		"empty":   {},
		"large":   plain(t, strings.Repeat(content, 500)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed := encode(t, k, p)[0]
			require.NotContains(t, sealed.String(), "ada@example.com")
			require.NotContains(t, sealed.String(), base64.StdEncoding.EncodeToString([]byte(content))[:20])
			require.Equal(t, "first", string(sealed.Metadata["encryption-key-id"]))
			back, err := k.Codec().Decode([]*commonpb.Payload{sealed})
			require.NoError(t, err)
			require.True(t, proto.Equal(p, back[0]), "%v", back[0])
			require.NotEqual(t, sealed.Data, encode(t, k, p)[0].Data, "the nonce is random")
		})
	}
}

func TestLargePayloadsAreCompressedFirst(t *testing.T) {
	t.Parallel()
	large := plain(t, strings.Repeat(content, 500))
	require.Less(t, proto.Size(encode(t, keys(t, first), large)[0]), proto.Size(large)/10)
	small := plain(t, strings.Repeat("x", 1000))
	require.Greater(t, proto.Size(encode(t, keys(t, first), small)[0]), 1000, "not worth the work")
}

func TestAReplacedKeyStillDecodes(t *testing.T) {
	t.Parallel()
	old := encode(t, keys(t, first), plain(t, content))
	both := keys(t, second, first)
	got, err := both.Codec().Decode(old)
	require.NoError(t, err)
	require.True(t, proto.Equal(plain(t, content), got[0]))
	require.Equal(t, "second", string(encode(t, both, plain(t, content))[0].Metadata["encryption-key-id"]))
}

func TestWhatIsInTheClearStaysReadable(t *testing.T) {
	t.Parallel()
	given := []*commonpb.Payload{plain(t, content), {Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/another")}, Data: []byte{1}}}
	for name, k := range map[string]*payload.Keys{"without keys": keys(t), "with keys": keys(t, first)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := k.Codec().Decode(given)
			require.NoError(t, err)
			require.True(t, proto.Equal(given[0], got[0]))
			require.True(t, proto.Equal(given[1], got[1]))
		})
	}
	require.True(t, proto.Equal(given[0], encode(t, keys(t), given[0])[0]), "without keys nothing is encrypted")
}

// What cannot be read is an error that names the key, for programs, and a panic with
// the same words for workers, so that the workflow waits for the key.
func TestWhatCannotBeReadNamesTheKeyAndNotTheContent(t *testing.T) {
	t.Parallel()
	sealed := func() *commonpb.Payload { return encode(t, keys(t, first), plain(t, content))[0] }
	changed := sealed()
	changed.Data[len(changed.Data)-1] ^= 1
	renamed := sealed()
	renamed.Metadata["encryption-key-id"] = []byte("second")
	short := sealed()
	short.Data = short.Data[:5]
	hostile := sealed()
	hostile.Metadata["encryption-key-id"] = []byte("\x1b[2Jfirst")
	unnamed := sealed()
	delete(unnamed.Metadata, "encryption-key-id")
	for name, c := range map[string]struct {
		keys *payload.Keys
		p    *commonpb.Payload
		want string
	}{
		"unknown key":  {keys(t, second), sealed(), "with the key first, and that key is not in SEVER_PAYLOAD_KEYS, which has second: add it behind the others"},
		"no keys":      {keys(t), sealed(), "with the key first, and that key is not in SEVER_PAYLOAD_KEYS, which has none"},
		"another key":  {keys(t, posing), sealed(), `names the key "first" does not decrypt with it`},
		"changed":      {keys(t, first), changed, `names the key "first" does not decrypt with it`},
		"renamed":      {keys(t, first, second), renamed, `names the key "second" does not decrypt with it`},
		"cut":          {keys(t, first), short, `names the key "first" does not decrypt with it`},
		"hostile name": {keys(t, first), hostile, `with the key "\x1b[2Jfirst"`},
		"no name":      {keys(t, first), unnamed, `with the key ""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.keys.Codec().Decode([]*commonpb.Payload{c.p})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "ada@")
			defer func() {
				said, ok := recover().(error)
				require.True(t, ok, "a worker panics")
				require.Equal(t, err.Error(), said.Error())
			}()
			_, _ = c.keys.WorkerCodec().Decode([]*commonpb.Payload{c.p})
		})
	}
}

func TestTheWordsOfFailuresAreEncrypted(t *testing.T) {
	t.Parallel()
	var o client.Options
	keys(t, first).Codec().Apply(&o)
	failure := o.FailureConverter.ErrorToFailure(temporal.NewApplicationErrorWithOptions(content, "Denied",
		temporal.ApplicationErrorOptions{Cause: errors.New(content), Details: []any{content}}))
	require.NotContains(t, failure.String(), "ada@example.com")
	require.NotContains(t, failure.String(), base64.StdEncoding.EncodeToString([]byte(content))[:20])
	back := o.FailureConverter.FailureToError(failure)
	require.ErrorContains(t, back, content)
	var app *temporal.ApplicationError
	require.ErrorAs(t, back, &app)
	require.Equal(t, "Denied", app.Type(), "retry policies go by it")

	var none client.Options
	keys(t).Codec().Apply(&none)
	inTheClear := none.FailureConverter.ErrorToFailure(errors.New(content))
	require.Equal(t, content, inTheClear.GetMessage())
	require.ErrorContains(t, o.FailureConverter.FailureToError(inTheClear), content, "what is in the clear stays readable")
}

// A history is foreign input: whoever may write to Temporal's database wrote it.
func FuzzDecode(f *testing.F) {
	k := keys(f, first)
	sealed := encode(f, k, plain(f, content))[0]
	f.Add([]byte(encodingOf(sealed)), []byte("first"), sealed.Data)
	f.Add([]byte("json/plain"), []byte(""), []byte(`"x"`))
	f.Add([]byte(encodingOf(sealed)), []byte("second"), []byte{})
	f.Fuzz(func(t *testing.T, encoding, id, data []byte) {
		p := &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: encoding, "encryption-key-id": id}, Data: data}
		got, err := k.Codec().Decode([]*commonpb.Payload{p})
		if err == nil && string(encoding) == encodingOf(sealed) && !proto.Equal(got[0], plain(t, content)) {
			t.Fatalf("decrypted what was not encrypted: %v", got)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\x00") {
			t.Fatalf("control characters in %q", err)
		}
	})
}

func encodingOf(p *commonpb.Payload) string { return string(p.Metadata[converter.MetadataEncoding]) }
