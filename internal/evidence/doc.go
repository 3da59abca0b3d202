// Package evidence makes one archive of a case that an auditor can read and verify
// without Sever's database: the records, the exact plans, the chain of audit rows, the
// signed checkpoints that cover it, a report to read and instructions to check it all by
// hand.
//
// Build makes the archive from what it is handed; Verify reads one that came from
// anywhere. Both are pure: the same input gives the same bytes and the same findings.
//
// What holds the parts together: manifest.json has the SHA-256 of every other file,
// manifest.sig is an Ed25519 signature over the manifest's hash, each audit row holds
// the hash of the row before it, and checkpoints are signed statements of where the
// chain stood. Beyond that, Verify holds the records against the chain (outcomes,
// proofs, plans, decisions) and makes the report anew to compare it.
//
// This is tamper-evident, not tamper-proof: who has the signing key can make a pack
// that says anything. The package says nothing about systems that no case asked.
package evidence
