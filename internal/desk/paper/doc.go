// Package paper makes the documents that Sever answers with: the JSON of the command
// line, which is also that of the HTTP interface. It reads and decides nothing.
//
// Fields are added to a document, never renamed, and none changes its meaning. Times are
// UTC, an absent one is left out, and lists are never null.
package paper
