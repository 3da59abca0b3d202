// Package postgres runs a private PostgreSQL from binaries that are on the machine: for the embedded
// mode, where it holds the records of Sever and must lose nothing, and for tests.
//
// A folder is one cluster. Start creates it if need be, and afterwards the server has the same port and
// password every time, so a connection string stays valid. It listens on 127.0.0.1 only, asks for the
// password (scram), and makes no socket file.
//
// Whoever starts a cluster holds the lock of its folder. A second Start on the folder, in another process,
// joins the running server and does not stop it. When the process that holds the lock dies, the server
// shuts down in order (Linux) or stays until the next Start takes it over (elsewhere); either way nothing
// that was committed is lost, unless Options.Fast gave that up.
//
// PostgreSQL refuses to run as root. Started by root, it runs as the user postgres, or else nobody, and
// the folder must be one that this user can enter.
package postgres
