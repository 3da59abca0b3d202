package mysql

import (
	"bytes"
	"crypto/sha256"
)

// rounds are those of $A$005$: 5 times a thousand.
const rounds = 5000

// sha2Hash is what caching_sha2_password stores of a password behind its salt: the
// function of Ulrich Drepper's "Unix crypt using SHA-256", with all of a salt that is
// longer than there.
func sha2Hash(password, salt string) string {
	p, s := []byte(password), []byte(salt)
	sum := func(parts ...[]byte) []byte {
		d := sha256.Sum256(bytes.Join(parts, nil))
		return d[:]
	}
	b := sum(p, s, p)
	first := [][]byte{p, s, stretched(b, len(p))}
	for n := len(p); n > 0; n >>= 1 {
		if n&1 == 1 {
			first = append(first, b)
		} else {
			first = append(first, p)
		}
	}
	d := sum(first...)
	ps := stretched(sum(bytes.Repeat(p, len(p))), len(p))
	ss := stretched(sum(bytes.Repeat(s, 16+int(d[0]))), len(s))
	for i := range rounds {
		var parts [][]byte
		if i%2 == 1 {
			parts = append(parts, ps)
		} else {
			parts = append(parts, d)
		}
		if i%3 != 0 {
			parts = append(parts, ss)
		}
		if i%7 != 0 {
			parts = append(parts, ps)
		}
		if i%2 == 1 {
			parts = append(parts, d)
		} else {
			parts = append(parts, ps)
		}
		d = sum(parts...)
	}
	return crypt64([sha256.Size]byte(d))
}

// stretched repeats a sum up to a length.
func stretched(sum []byte, length int) []byte {
	return bytes.Repeat(sum, length/len(sum)+1)[:length]
}

const digits64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// crypt64 writes a sum in 43 characters, in the order of bytes that crypt has.
func crypt64(sum [sha256.Size]byte) string {
	var out []byte
	write := func(b2, b1, b0 byte, n int) {
		w := uint(b2)<<16 | uint(b1)<<8 | uint(b0)
		for ; n > 0; n-- {
			out = append(out, digits64[w&63])
			w >>= 6
		}
	}
	for n := range 10 {
		i := n * 21 % 30
		write(sum[i], sum[(i+10)%30], sum[(i+20)%30], 4)
	}
	write(0, sum[31], sum[30], 3)
	return string(out)
}
