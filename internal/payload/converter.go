package payload

import (
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Apply lets a client of Temporal encrypt and decrypt with the codec, the messages and
// stack traces of failures among the rest: they carry the words of other systems, and
// with these the names of accounts.
func (c *Codec) Apply(o *client.Options) {
	o.DataConverter = converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
	o.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: o.DataConverter, EncodeCommonAttributes: c.keys.Active() != "",
	})
}
