package evidence

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// repack writes an archive entry by entry, in any shape.
func repack(t testing.TB, entries ...[2]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e[0], Method: zip.Deflate})
		require.NoError(t, err)
		if !strings.HasSuffix(e[0], "/") {
			_, err = f.Write([]byte(e[1]))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func entries(files map[string][]byte) [][2]string {
	var out [][2]string
	for _, name := range sortedNames(files) {
		out = append(out, [2]string{name, string(files[name])})
	}
	return out
}

func TestStrangeFilesInAPack(t *testing.T) {
	t.Parallel()
	files := unzip(t, build(t, fixture(t)).Zip)
	for _, name := range []string{"../../etc/passwd", "/etc/passwd", `..\x`, "plans/../case.json", "./case.json", "plans/", "plans/01.json", "plans/2.json/x", "Case.json", "run.sh", "", "case.json"} {
		got := verify(repack(t, append(entries(files), [2]string{name, "x"})...), public(1))
		require.Equal(t, []string{name + " inserted"}, short(got.Findings), name)
	}
	got := verify(repack(t, append(entries(files), [2]string{"plans/7.json", "{}"})...), public(1))
	require.Equal(t, []string{"plans/7.json inserted", "plans/7.json inserted"}, short(got.Findings), "in no manifest, and no plan of the case")
}

func TestWhatIsNoPack(t *testing.T) {
	t.Parallel()
	whole := build(t, fixture(t)).Zip
	many := make([][2]string, maxFiles+1)
	for i := range many {
		many[i] = [2]string{fmt.Sprintf("plans/%d.json", i+1), ""}
	}
	for name, packed := range map[string][]byte{
		"nothing": nil, "text": []byte("PK but not really"), "half": whole[:len(whole)/2], "an empty archive": repack(t), "too many files": repack(t, many...),
	} {
		r := verify(packed, public(1))
		require.False(t, r.OK(), name)
	}
	r := Verify(bytes.NewReader(nil), maxPack+1, nil)
	require.Equal(t, []string{" unreadable"}, short(r.Findings))
}

// zeros unpack to far more than they are packed in.
func TestABombIsNotUnpacked(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create(caseFile)
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range 3 {
		_, err = f.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	text, err := unpackOne(z.File[0], 3<<20)
	require.NoError(t, err)
	require.Len(t, text, 3<<20)
	_, err = unpackOne(z.File[0], 3<<20-1)
	require.ErrorContains(t, err, "larger than a pack may be")
	z.File[0].UncompressedSize64 = 1 // a header that lies
	_, err = unpackOne(z.File[0], 3<<20-1)
	require.Error(t, err)
}

func TestAHugeManifestIsNoTrouble(t *testing.T) {
	t.Parallel()
	files := unzip(t, build(t, fixture(t)).Zip)
	junk := strings.Repeat("{\"v\":1}\n", 5000)
	files[chainFile] = append(files[chainFile], junk...)
	r := verify(rezip(t, files), public(1))
	require.Len(t, r.Findings, maxFindings)
	require.Contains(t, r.Notes[len(r.Notes)-1], "more findings are not listed")
}

// A line says a thing in one form only: a field twice, or in capitals, would let two
// readers read two things.
func TestALineHasOneForm(t *testing.T) {
	t.Parallel()
	files := unzip(t, build(t, fixture(t)).Zip)
	first, rest, _ := strings.Cut(string(files[chainFile]), "\n")
	for name, line := range map[string]string{
		"a field twice": strings.Replace(first, `"actor":`, `"actor":"mallory","actor":`, 1), "capitals": strings.Replace(first, `"actor"`, `"Actor"`, 1),
		"a space": strings.Replace(first, `:`, `: `, 1), "an unknown field": strings.Replace(first, `{`, `{"x":1,`, 1), "two values": first + first,
		"another form": strings.Replace(first, `"v":1`, `"v":2`, 1), "no JSON": "x", "an empty line": "",
	} {
		changed := clone(files)
		changed[chainFile] = []byte(line + "\n" + rest)
		r := verify(rezip(t, refit(t, changed)), public(1))
		require.Contains(t, short(r.Findings), "chain.jsonl 1 changed", name)
	}
	for _, cut := range []int{1, 2, 100} {
		changed := clone(files)
		changed[chainFile] = files[chainFile][:len(files[chainFile])-cut]
		require.Contains(t, short(verify(rezip(t, changed), public(1)).Findings), "chain.jsonl 14 changed")
	}
}

// The instructions work as they stand in the pack.
func TestTheInstructionsWork(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"python3", "openssl", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("there is no " + program + " here")
		}
	}
	dir := t.TempDir()
	files := unzip(t, build(t, fixture(t)).Zip)
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	blocks := regexp.MustCompile("(?s)```(python|sh)\n(.*?)```").FindAllStringSubmatch(string(files[manualFile]), -1)
	require.Len(t, blocks, 4)
	run := func(program, script string) (string, error) {
		c := exec.CommandContext(t.Context(), program, "-c", script)
		c.Dir = dir
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := run("python3", blocks[1][2])
	require.NoError(t, err, out)
	require.Equal(t, "whole\n", out)
	for _, b := range blocks[2:] {
		out, err := run("sh", b[2])
		require.NoError(t, err, out)
		require.Contains(t, out, "Signature Verified Successfully")
	}

	require.NoError(t, os.WriteFile(filepath.Join(dir, chainFile), bytes.Replace(files[chainFile], []byte("DROP ROLE"), []byte("KEEP ROLE"), 1), 0o600))
	out, err = run("python3", blocks[1][2])
	require.Error(t, err)
	require.Equal(t, "chain.jsonl is not what was packed\nrow 9 does not fit its hash\n", out)
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifestFile), append(files[manifestFile], ' '), 0o600))
	_, err = run("sh", blocks[2][2])
	require.Error(t, err)
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	text, err := keyText(append(public(1), public(2)...))
	require.NoError(t, err)
	keys, err := ParseKeys([]byte(text))
	require.NoError(t, err)
	require.Equal(t, append(public(1), public(2)...), keys)
	keys, err = ParseKeys([]byte(" iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n"))
	require.NoError(t, err)
	require.Equal(t, "34750f98bd59fcfc", audit.KeyID(keys[0]))
	for _, bad := range []string{"", "x", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		_, err := ParseKeys([]byte(bad))
		require.Error(t, err, bad)
	}
}

// FuzzVerify: whatever arrives, verifying ends, and nothing but a pack of ours passes.
func FuzzVerify(f *testing.F) {
	whole := build(f, fixture(f)).Zip
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(repack(f, [2]string{manifestFile, `{"format":"sever evidence pack","version":1,"files":null}`}, [2]string{chainFile, "{}\n"}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		r := verify(packed, public(1))
		if r.OK() {
			require.Equal(t, audit.KeyID(public(1)[0]), r.SignedBy)
			require.Equal(t, "C-1", r.Case)
		}
		_ = verify(packed, nil)
	})
}

// FuzzEveryFile: another text in place of any file is found.
func FuzzEveryFile(f *testing.F) {
	files := unzip(f, build(f, fixture(f)).Zip)
	names := sortedNames(files)
	f.Add(byte(0), "{}")
	f.Add(byte(3), "{\"v\":1}\n")
	f.Add(byte(7), "null")
	f.Add(byte(8), "[]")
	f.Fuzz(func(t *testing.T, which byte, text string) {
		name := names[int(which)%len(names)]
		if text == string(files[name]) {
			return
		}
		changed := clone(files)
		changed[name] = []byte(text)
		r := verify(rezip(t, changed), public(1))
		if name == signatureFile && text == strings.TrimSuffix(string(files[name]), "\n") {
			return // the same signature without its line feed
		}
		require.False(t, r.OK(), name)
	})
}
