// Package simulators runs the four hosting providers on this machine: DigitalOcean,
// Netim, Plesk and Trove, each as a small server on a free port of the loopback
// interface, with people who have accounts in all of them.
//
// It knows what a connection to each needs, can arrange trouble by name, and sees the
// worlds inside past their interfaces: whoever asks it whether an account is gone
// asks nothing that Sever wrote.
package simulators
