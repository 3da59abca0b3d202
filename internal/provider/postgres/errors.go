package postgres

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// verdict is what an SQLSTATE means for a step: the kind, and a word for people
// where the server's own words do not say it.
type verdict struct {
	kind provider.Kind
	word string
}

// missingRight is said of ours and of the successor's: the server tells which.
const missingRight = "a right is missing"

// verdicts has the codes, and the classes (their first two characters), that mean
// something else than "try again".
var verdicts = map[string]verdict{
	"28":    {provider.Denied, "our own login was refused"},
	"42501": {provider.Rejected, missingRight},
	"2BP01": {provider.Rejected, "something else depends on it"},
	"0LP01": {provider.Rejected, ""},
	"0P000": {provider.Rejected, ""},
	"0A000": {provider.Rejected, "this server cannot do that"},
	"42601": {provider.Rejected, ""}, // a statement of ours that this server does not understand
	"55000": {provider.Rejected, ""}, // among them: the database takes no connections

	"40P01": {provider.Transient, "lost a deadlock"},
	"40001": {provider.Transient, "lost against another transaction"},
	"55P03": {provider.Transient, "somebody holds a lock for longer than LOCK_TIMEOUT"},
	"55006": {provider.Transient, ""},
	"57014": {provider.Transient, "took longer than STATEMENT_TIMEOUT, or was cancelled by somebody"},
	"57":    {provider.Transient, "the server is going down or coming up"},
	"53":    {provider.Transient, "the server has nothing to spare"},
	"08":    {provider.Transient, ""},
	"25006": {provider.Transient, "the server is a read-only standby"},
	"42704": {provider.Transient, "it vanished in between"},
	"XX000": {provider.Transient, ""}, // "tuple concurrently updated": two GRANTs met
}

// classified makes a provider.Error of whatever stopped op. An error that is one
// already passes.
func (s *Server) classified(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*provider.Error](err); ours {
		return err
	}
	out := &provider.Error{Kind: provider.Transient, Op: op, Err: s.scrubbed(err, "")}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return out
	}
	v, ok := verdicts[refused.Code]
	if !ok {
		v = verdicts[refused.Code[:min(2, len(refused.Code))]]
	}
	out.Kind, out.Err = v.kind, s.scrubbed(err, v.word)
	if refused.Code == "42501" {
		out.Blockers = append(out.Blockers, s.lacking(refused))
	}
	return out
}

// lacking is the blocker of a statement that the server refused for lack of a right.
func (s *Server) lacking(refused *pgconn.PgError) access.Blocker {
	why := refused.Message
	for _, more := range []string{refused.Detail, refused.Hint} {
		if more != "" {
			why += "; " + more
		}
	}
	return access.Blocker{
		Object: missingRight,
		Why:    s.hide(why),
		Remedy: "sever preflight names what our login " + readable(s.conns.dsn.User) + " lacks",
	}
}

// clean is an error whose text went through hide. Its cause stays for errors.As.
type clean struct {
	text  string
	cause error
}

func (c *clean) Error() string { return c.text }
func (c *clean) Unwrap() error { return c.cause }

func (s *Server) scrubbed(err error, word string) error {
	text := s.hide(err.Error())
	if word != "" {
		text = word + ": " + text
	}
	return &clean{text, err}
}

// verifier is what the server stores of a password, which is what we send it, and any
// literal behind PASSWORD.
var verifier = regexp.MustCompile(`(?i)(\bpassword )'[^']*|()\b(?:SCRAM-SHA-256\$[^\s'"]+|md5[0-9a-f]{32}\b)`)

// hide takes credentials out of a text: ours in all forms, and those of statements. The
// driver prints neither; a server may repeat what it was sent.
func (s *Server) hide(text string) string {
	password := s.conns.dsn.Password
	if password != "" { // also one that is too short to be looked for in other forms
		text = strings.ReplaceAll(text, password, "[secret]")
	}
	text = config.Scrubber([]config.Secret{s.cfg.URL, config.NewSecret(password)})(text)
	return verifier.ReplaceAllString(text, "${1}[secret]")
}

// refuse is a Rejected error that keeps its cause.
func refuse(op string, cause error, blockers ...access.Blocker) error {
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: cause, Blockers: blockers}
}

// op names an operation in messages: "revoke pg-main/ada in shop".
func op(action access.Action, ref access.Ref, database string) string {
	if database == "" {
		return fmt.Sprintf("%s %s", action, ref)
	}
	return fmt.Sprintf("%s %s in %s", action, ref, database)
}

// code is the SQLSTATE of an error, or nothing.
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
