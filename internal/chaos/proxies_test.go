package chaos

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy stands before one server. Faults may overlap: each counts for itself.
type proxy struct {
	*toxiproxy.Proxy

	mu    sync.Mutex
	down  int
	count int
}

var proxies = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())

func startProxy(name, upstream string) (*proxy, error) {
	p := &proxy{Proxy: toxiproxy.NewProxy(proxies, name, "127.0.0.1:0", upstream)}
	return p, p.Start()
}

// toxics are the network's faults in the words of the proxy.
var toxics = map[Kind]string{
	Latency:   `"type": "latency", "stream": "downstream", "attributes": {"latency": 250, "jitter": 150}`,
	Reset:     `"type": "reset_peer", "stream": "downstream", "attributes": {"timeout": 0}`,
	Silence:   `"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}`,
	CutAnswer: `"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 0}`,
}

// fail begins a fault and returns what ends it.
func (p *proxy) fail(k Kind) (mend func() error, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k == Outage {
		if p.down++; p.down == 1 {
			p.Stop()
		}
		return p.up, nil
	}
	p.count++
	name := fmt.Sprintf("fault-%d", p.count)
	_, err = p.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"name": %q, "toxicity": 1, %s}`, name, toxics[k])))
	return func() error { return p.Toxics.RemoveToxic(context.Background(), name) }, err
}

func (p *proxy) up() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down--; p.down > 0 {
		return nil
	}
	return p.Start()
}
