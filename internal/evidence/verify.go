package evidence

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// Finding is one place where a pack is not what was packed, or contradicts itself.
type Finding struct {
	File string `json:"file,omitempty"` // empty: the archive itself
	// Row is the row of the chain or the number of the checkpoint, where it is one.
	Row    int64      `json:"row,omitempty"`
	Key    string     `json:"key,omitempty"` // of the row
	What   audit.What `json:"what"`
	Detail string     `json:"detail"`
}

func (f Finding) String() string {
	at := f.File
	if at == "" {
		at = "the archive"
	}
	if f.Row != 0 {
		at += fmt.Sprintf(" row %d", f.Row)
	}
	if f.Key != "" {
		at += " (" + f.Key + ")"
	}
	return fmt.Sprintf("%s: %s: %s", at, f.What, f.Detail)
}

// Disagrees is what a record is that the chain tells otherwise.
const Disagrees audit.What = "disagrees"

// maxFindings is how many findings are listed; a hostile pack could have millions.
const maxFindings = 1000

// Report is what verifying a pack came to.
type Report struct {
	Case   string    `json:"case"`
	MadeAt time.Time `json:"made_at,omitzero"`
	MadeBy string    `json:"made_by,omitempty"`
	// Manifest is the SHA-256 of manifest.json; the trail of the installation has it.
	Manifest string `json:"manifest,omitempty"`
	// SignedBy is the id of the key whose signature over the manifest fits; empty if none.
	SignedBy    string `json:"signed_by,omitempty"`
	Files       int    `json:"files"`
	Rows        int64  `json:"rows"`
	Checkpoints int    `json:"checkpoints"`
	// Uncovered counts the rows that no checkpoint in the pack covers.
	Uncovered int64 `json:"uncovered"`
	// Outside counts the checkpoints outside that name the case, Later the rows that they
	// have behind the last one in the pack.
	Outside  int       `json:"outside"`
	Later    int64     `json:"later"`
	Findings []Finding `json:"findings"`
	// Notes say what could not be checked, and why.
	Notes []string `json:"notes,omitempty"`
}

// OK reports whether nothing was found.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// verification is the state of verifying one pack.
type verification struct {
	Report
	more int // findings that are not listed
}

// Verify reads a pack, trusting nothing in it, and reports every place where it is not
// what was packed. keys are the public keys of the installation, known from elsewhere.
// Without any, the keys in the pack itself are used: then the pack can only be shown to
// fit together, and a note says so. With keys, a pack that none of them signed is a
// finding. outside are checkpoints that the verifier has from elsewhere, if any.
func Verify(in io.ReaderAt, size int64, keys []ed25519.PublicKey, outside ...audit.Checkpoint) Report {
	v := &verification{Report: Report{Findings: []Finding{}}}
	files := v.unpack(in, size)
	if len(files) == 0 {
		if v.OK() {
			v.add("", audit.Missing, "there is no file in it")
		}
		return v.Report
	}
	v.Files = len(files)
	m, readable := v.manifest(files)
	given := len(keys) > 0
	keys = v.keys(keys, files)
	if readable {
		v.signature(m, files, keys, given)
	}
	c, problems := parse(files)
	for _, p := range problems {
		v.find(Finding{File: p.file, Row: int64(p.line), What: audit.Changed, Detail: p.err.Error()})
	}
	if v.Case == "" {
		v.Case = c.Case.ID
	}
	v.chain(m, readable, c, keys)
	v.outside(outside, c.Rows, keys)
	v.plans(c, files)
	v.agree(c)
	if readable {
		v.report(m, c, files)
	}
	if v.more > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("%d more findings are not listed", v.more))
	}
	return v.Report
}

func (v *verification) add(file string, what audit.What, detail string) {
	v.find(Finding{File: file, What: what, Detail: detail})
}

func (v *verification) find(f Finding) {
	if len(v.Findings) >= maxFindings {
		v.more++
		return
	}
	v.Findings = append(v.Findings, f)
}

// manifest holds every file against the manifest.
func (v *verification) manifest(files map[string][]byte) (m Manifest, readable bool) {
	text, ok := files[manifestFile]
	if !ok {
		v.add(manifestFile, audit.Missing, "nothing says what should be in the pack")
		return m, false
	}
	v.Manifest = hash(text)
	if err := strict(text, &m); err != nil {
		v.add(manifestFile, audit.Changed, err.Error())
		return m, false
	}
	if m.Format != format || m.Version != version {
		v.add(manifestFile, audit.Unreadable, fmt.Sprintf("this is %q in version %d; known is %q in version %d", m.Format, m.Version, format, version))
		return m, false
	}
	v.Case, v.MadeAt, v.MadeBy = m.Case, m.MadeAt, m.MadeBy
	listed := map[string]bool{}
	for _, f := range m.Files {
		switch text, ok := files[f.Name]; {
		case listed[f.Name]:
			v.add(f.Name, audit.Inserted, "the manifest lists it twice")
		case f.Name == manifestFile || f.Name == signatureFile:
			v.add(f.Name, audit.Inserted, "no manifest can list it")
		case !ok:
			v.add(f.Name, audit.Missing, "the manifest lists it and the archive has it not")
		case hash(text) != f.SHA256 || int64(len(text)) != f.Size:
			v.add(f.Name, audit.Changed, "its SHA-256 or size is not that of the manifest")
		}
		listed[f.Name] = true
	}
	for _, name := range sortedNames(files) {
		if !listed[name] && name != manifestFile && name != signatureFile {
			v.add(name, audit.Inserted, "the manifest does not list it")
		}
	}
	for _, name := range required {
		if _, ok := files[name]; !ok && !listed[name] {
			v.add(name, audit.Missing, "every pack has it")
		}
	}
	return m, true
}

// keys are the given ones, else those of the pack.
func (v *verification) keys(given []ed25519.PublicKey, files map[string][]byte) []ed25519.PublicKey {
	if len(given) > 0 {
		return given
	}
	own, err := ParseKeys(files[keyFile])
	if err != nil {
		v.Notes = append(v.Notes, "no public key was given and the pack has none: no signature was checked")
		return nil
	}
	ids := ""
	for _, k := range own {
		ids += " " + audit.KeyID(k)
	}
	v.Notes = append(v.Notes, "no public key was given: signatures were checked with the keys in the pack itself; compare their ids with those that you know:"+ids)
	return own
}

func (v *verification) signature(m Manifest, files map[string][]byte, keys []ed25519.PublicKey, given bool) {
	signature, there := files[signatureFile]
	switch {
	case !there && m.KeyID == "" && !given:
		v.Notes = append(v.Notes, errUnsigned.Error())
	case !there && m.KeyID == "":
		v.add(signatureFile, audit.Missing, errUnsigned.Error())
	case !there:
		v.add(signatureFile, audit.Missing, fmt.Sprintf("the manifest says that key %s signed it", m.KeyID))
	case len(keys) == 0:
		v.add(signatureFile, audit.Changed, "there is a signature and no public key to check it with")
	default:
		if err := checkSignature(keys, m.KeyID, files[manifestFile], signature); err != nil {
			v.add(signatureFile, audit.Changed, err.Error())
			return
		}
		v.SignedBy = m.KeyID
	}
}

// chain verifies the rows against each other, the checkpoints and the manifest.
func (v *verification) chain(m Manifest, readable bool, c content, keys []ed25519.PublicKey) {
	book := audit.Book{Chains: []string{v.Case}, Expected: []string{v.Case}, Checkpoints: c.Checkpoints, Keys: keys, Part: true, Some: true,
		Rows: func(string) iter.Seq2[audit.Row, error] {
			return func(yield func(audit.Row, error) bool) {
				for _, r := range c.Rows {
					if !yield(r, nil) {
						return
					}
				}
			}
		}}
	if readable {
		book.Heads = []audit.Head{m.Chain}
		v.listed(m, c.Checkpoints)
	}
	r := audit.VerifyAll(book)
	v.Rows, v.Checkpoints, v.Uncovered = r.Rows, r.Checkpoints, r.Uncovered
	for _, f := range r.Findings {
		file := chainFile
		if f.Chain == audit.Checkpoints {
			file = checkpointsFile
		}
		v.find(Finding{File: file, Row: f.Seq, Key: f.Key, What: f.What, Detail: f.Detail})
	}
	if len(keys) == 0 {
		return
	}
	if r.Checkpoints == 0 && r.Rows > 0 {
		v.Notes = append(v.Notes, "no signed checkpoint covers the chain: only the signature of the manifest, if any, holds its rows")
	}
}

// listed holds the checkpoints against those that the manifest names.
func (v *verification) listed(m Manifest, have []audit.Checkpoint) {
	there, named := map[int64]bool{}, map[int64]bool{}
	for _, c := range have {
		there[c.No] = true
	}
	for _, no := range m.Checkpoints {
		named[no] = true
		if !there[no] {
			v.find(Finding{File: checkpointsFile, Row: no, What: audit.Missing, Detail: "the manifest names this checkpoint"})
		}
	}
	for _, c := range have {
		if !named[c.No] {
			v.find(Finding{File: checkpointsFile, Row: c.No, What: audit.Inserted, Detail: "the manifest does not name this checkpoint"})
		}
	}
}

// plans holds every plan against the hash that was approved.
func (v *verification) plans(c content, files map[string][]byte) {
	have := map[string]bool{}
	for _, p := range c.Case.Plans {
		name := "plans/" + strconv.Itoa(p.No) + ".json"
		have[name] = true
		switch text, ok := files[name]; {
		case !ok:
			v.add(name, audit.Missing, "the records have this plan")
		case hash(text) != p.Hash:
			v.add(name, audit.Changed, "its SHA-256 is not the hash of the plan")
		}
	}
	for _, name := range sortedNames(files) {
		if planFile.MatchString(name) && !have[name] {
			v.add(name, audit.Inserted, "the records have no such plan")
		}
	}
}

// report makes the report anew from the records and compares.
func (v *verification) report(m Manifest, c content, files map[string][]byte) {
	if m.ReportForm != reportForm {
		v.Notes = append(v.Notes, fmt.Sprintf("report.html has form %d and this program makes form %d: it was held against its hash, and not against the records", m.ReportForm, reportForm))
		return
	}
	text, there := files[reportFile]
	want, err := report(c, m)
	if there && (err != nil || !bytes.Equal(text, want)) {
		v.add(reportFile, audit.Changed, "it is not the report of the records in this pack")
	}
}
