package mysql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

var (
	// errGone says that there is no account of that name and host.
	errGone  = errors.New("there is no such account")
	errLogin = errors.New("our own login was refused")
)

// verdict is what an error number means for a step: the kind, and a word for people
// where the server's own words do not say it.
type verdict struct {
	kind provider.Kind
	word string
}

// missingRight is said of ours and of the successor's: the server tells which.
const missingRight = "a right is missing"

// verdicts has the numbers that mean something else than "try again".
var verdicts = map[uint16]verdict{
	1045: {provider.Rejected, missingRight}, // to grant or revoke on all databases; of a login see with
	1698: {provider.Rejected, missingRight}, // to grant or revoke PROXY; of a login see with
	4151: {provider.Denied, "our own login is locked"},
	1862: {provider.Denied, "our own password has expired"},
	1820: {provider.Denied, "our own password has expired"},
	1130: {provider.Denied, "the server takes no connections from here"},

	1044: {provider.Rejected, missingRight},
	1142: {provider.Rejected, missingRight},
	1143: {provider.Rejected, missingRight},
	1227: {provider.Rejected, missingRight},
	1370: {provider.Rejected, missingRight},
	1410: {provider.Rejected, missingRight},
	1095: {provider.Rejected, missingRight},
	1961: {provider.Rejected, "our login lacks the ADMIN OPTION of the role"},
	1962: {provider.Rejected, "our login lacks the ADMIN OPTION of the role"},
	1064: {provider.Rejected, "a statement that this server does not understand"},
	1290: {provider.Rejected, "the server runs with an option that forbids it"},
	1819: {provider.Rejected, "the server's rule for passwords refuses it"},

	// MySQL's alone.
	3118: {provider.Denied, "our own login is locked"},
	3619: {provider.Rejected, "a privilege that is not granted in this way"},
	3628: {provider.Rejected, "the role is in mandatory_roles, which everybody has"},
	4006: {provider.Rejected, "the server says that it is still the definer of something"},
	3024: {provider.Transient, "took longer than STATEMENT_TIMEOUT"},

	1836: {provider.Transient, "the server is read-only"},
	1205: {provider.Transient, "somebody holds a lock for longer than LOCK_TIMEOUT"},
	1213: {provider.Transient, "lost a deadlock"},
	1969: {provider.Transient, "took longer than STATEMENT_TIMEOUT"},
	1040: {provider.Transient, "the server has no session to spare"},
	1203: {provider.Transient, "our login has no session to spare"},
	1396: {provider.Transient, "the account changed in between"},
}

// number is the server's number of an error, or 0.
func number(err error) uint16 {
	if e, ok := errors.AsType[*driver.MySQLError](err); ok {
		return e.Number
	}
	return 0
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
	if errors.Is(err, errUnknownServer) || errors.Is(err, errLogin) {
		out.Kind = provider.Denied // of the whole connection: nothing here can work
		if errors.Is(err, errUnknownServer) {
			out.Blockers = []access.Blocker{{Object: serverVersion, Why: s.hide(err.Error()), Remedy: s.instead(err)}}
		}
		return out
	}
	v, known := verdicts[number(err)]
	if !known {
		return out
	}
	out.Kind, out.Err = v.kind, s.scrubbed(err, v.word)
	if v.kind == provider.Rejected && v.word != "" {
		out.Blockers = []access.Blocker{{Object: v.word, Why: s.hide(err.Error()),
			Remedy: "sever preflight names what our login " + readable(s.login) + " lacks"}}
	}
	return out
}

// mayNot reports whether we lack the right to read something.
func mayNot(err error) bool {
	n := number(err)
	return n == 1044 || n == 1142 || n == 1143 || n == 1227 || n == 1370
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

// credential is what stands behind IDENTIFIED in a piece of a statement that the server
// quotes when it does not understand it, to the end: the literal may have quotes in it.
// A hash is one wherever it stands.
var credential = regexp.MustCompile(`(?is)((?:identified by|using| as) )'.*|()\*[0-9a-f]{40}\b`)

// hide takes credentials out of a text: ours in all forms, and those of statements.
func (s *Server) hide(text string) string {
	if s.password != "" { // also one that is too short to be looked for in other forms
		text = strings.ReplaceAll(text, s.password, "[secret]")
	}
	text = config.Scrubber([]config.Secret{s.cfg.URL, config.NewSecret(s.password)})(text)
	return credential.ReplaceAllString(text, "${1}[secret]")
}

// refuse is a Rejected error that keeps its cause.
func refuse(op string, cause error, blockers ...access.Blocker) error {
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: cause, Blockers: blockers}
}

// op names an operation in messages: "revoke db-main/ada@% in shop".
func op(action access.Action, ref access.Ref, database string) string {
	if database == "" {
		return fmt.Sprintf("%s %s", action, ref)
	}
	return fmt.Sprintf("%s %s in %s", action, ref, database)
}
