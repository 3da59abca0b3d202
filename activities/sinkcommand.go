package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"github.com/severhq/sever/internal/access"
)

// CommandSink gives each secret to a program, on its standard input, as one line. The
// program is told what it is about by the variables SEVER_CASE, SEVER_CONNECTION,
// SEVER_RESOURCE, SEVER_ACCOUNT and SEVER_HOST, and has PATH and HOME besides. No shell
// is involved, and the secret is in no argument and no variable.
//
// Exit code 0 means that it has the secret. Anything else, and more time than allowed,
// means that nobody has it; the program is asked again with another one.
type CommandSink struct {
	argv       []string
	path, home string
	within     time.Duration
}

// sinkTime is how long a program may take. A step has three minutes in all.
const sinkTime = 30 * time.Second

// quoted is how many bytes of what a program complains about are told.
const quoted = 500

// afterKill is how long what a program started may hold on to its streams.
const afterKill = time.Second

// NewCommandSink reads a setting: a JSON array of the program and its arguments, or the
// path of a program. The program must be there and executable.
func NewCommandSink(setting, path, home string) (CommandSink, error) {
	c := CommandSink{argv: []string{setting}, path: path, home: home, within: sinkTime}
	if strings.HasPrefix(strings.TrimSpace(setting), "[") {
		c.argv = nil
		if err := json.Unmarshal([]byte(setting), &c.argv); err != nil {
			return CommandSink{}, errors.New(`it is no JSON array of texts, such as ["/usr/local/bin/vault-put", "--once"]`)
		}
	}
	if len(c.argv) == 0 || strings.TrimSpace(c.argv[0]) == "" {
		return CommandSink{}, errors.New("it names no program")
	}
	return c, c.Ready(context.Background())
}

// Within is the sink with another limit of time.
func (c CommandSink) Within(d time.Duration) CommandSink {
	c.within = d
	return c
}

// Ready looks whether the program is there and executable.
func (c CommandSink) Ready(context.Context) error {
	if _, err := exec.LookPath(c.argv[0]); err != nil {
		return fmt.Errorf("the program that receives secrets: %w", err)
	}
	return nil
}

// Deliver runs the program. What it writes to its standard error is quoted when it fails,
// without the secret; what it writes to its standard output is dropped.
func (c CommandSink) Deliver(ctx context.Context, caseID string, account access.Ref, secret string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Env = []string{
		"PATH=" + c.path, "HOME=" + c.home, "SEVER_CASE=" + caseID, "SEVER_CONNECTION=" + account.Connection,
		"SEVER_RESOURCE=" + account.Resource, "SEVER_ACCOUNT=" + account.Name, "SEVER_HOST=" + account.Host,
	}
	said := &head{most: quoted}
	cmd.Stdin, cmd.Stderr, cmd.WaitDelay = strings.NewReader(secret+"\n"), said, afterKill
	err := cmd.Run()
	switch {
	case err == nil:
		return "command " + c.argv[0], nil
	case ctx.Err() != nil:
		err = fmt.Errorf("it took longer than %s: %w", c.within, ctx.Err())
	}
	if words := said.without(secret); words != "" {
		return "", fmt.Errorf("command %s: %w: %s", c.argv[0], err, words)
	}
	return "", fmt.Errorf("command %s: %w", c.argv[0], err)
}

// head keeps the beginning of what is written.
type head struct {
	kept []byte
	most int
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.most-len(h.kept))]...)
	return len(p), nil
}

// without is the text on one line and without the secret: also where the end of what was
// kept has cut it in two.
func (h *head) without(secret string) string {
	text := strings.ReplaceAll(string(h.kept), secret, "[secret]")
	if len(h.kept) == h.most {
		text = text[:max(0, len(text)-len(secret))]
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}
