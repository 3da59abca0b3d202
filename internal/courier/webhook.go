package courier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/severhq/sever/internal/config"
)

const (
	webhookWithin = 10 * time.Second
	// answerLimit is how much is read of an answer: it is for a person to look at.
	answerLimit = 300
)

// webhook posts messages to one address, signed by the scheme of Standard Webhooks.
type webhook struct {
	url    config.Secret
	keys   []*standardwebhooks.Webhook // two while a secret is replaced: receivers accept either
	client *http.Client
	scrub  func(string) string
}

func newWebhook(address *url.URL, keys []*standardwebhooks.Webhook, secrets ...config.Secret) *webhook {
	return &webhook{
		url: config.NewSecret(address.String()), keys: keys, scrub: config.Scrubber(append(secrets, secretsIn(address)...)),
		client: &http.Client{
			Timeout: webhookWithin,
			// Who is redirected sends what is meant for one to another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// secretsIn are the parts of an address that may be a token.
func secretsIn(u *url.URL) []config.Secret {
	out := []config.Secret{config.NewSecret(u.String()), config.NewSecret(u.RequestURI()), config.NewSecret(u.RawQuery), config.NewSecret(u.Path)}
	for part := range strings.FieldsFuncSeq(u.Path+"&"+u.RawQuery, func(r rune) bool { return strings.ContainsRune("/&=;?", r) }) {
		out = append(out, config.NewSecret(part))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		out = append(out, config.NewSecret(u.User.Username()+":"+password), config.NewSecret(password), config.NewSecret(u.User.Username()))
	}
	return out
}

// Send posts a message. Only a status of the two hundreds is a delivery.
func (w *webhook) Send(ctx context.Context, p Parcel) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.Reveal(), bytes.NewReader(p.Body))
	if err != nil {
		return "", errors.New("the address of the webhook is malformed") // the error would repeat it
	}
	now := time.Now()
	signatures := make([]string, len(w.keys))
	for i, k := range w.keys {
		if signatures[i], err = k.Sign(p.ID, now, p.Body); err != nil {
			return "", fmt.Errorf("sign the message: %w", err)
		}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sever")
	req.Header.Set(standardwebhooks.HeaderWebhookID, p.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	resp, err := w.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address
		}
		return "", errors.New(w.scrub(err.Error()))
	}
	defer resp.Body.Close()
	answer := w.answer(resp)
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return answer, nil
	}
	err = errors.New(answer)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		err = fmt.Errorf("%s (redirects are not followed: set the address that it leads to)", answer)
	}
	if after, asked := retryAfter(resp.Header.Get("Retry-After"), now); asked {
		err = &LaterError{after, err}
	}
	return "", err
}

// answer is the status and the beginning of what was said, in a line and without what is
// secret: there are servers that repeat what they were sent.
func (w *webhook) answer(resp *http.Response) string {
	// More than is shown, so that a secret at the edge is found whole.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 16*answerLimit))
	words := strings.Join(strings.Fields(strings.ToValidUTF8(w.scrub(string(body)), "\uFFFD")), " ")
	if runes := []rune(words); len(runes) > answerLimit {
		words = string(runes[:answerLimit]) + "…"
	}
	return strings.TrimSuffix(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)+": "+words, ": ")
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int(longestRest/time.Second))) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
