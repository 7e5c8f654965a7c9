//go:build linux

package rpc

import "socketlabs/labs/internal/loop"

// Each takes the calls that have arrived whole, and has answer answer each. What
// is no call is an error, and nobody knows where the next one begins.
func Each(c *loop.Conn, answer func(c *loop.Conn, r Request)) error {
	for {
		r, n, err := Next(c.In)
		if err != nil || n == 0 {
			return err
		}
		c.Take(n)
		answer(c, r)
	}
}

// Refuse answers what is no call with a text that says why, and ends the connection.
func Refuse(c *loop.Conn, why string) {
	c.Send(Append(nil, 0, BadRequest, []byte(why)))
	c.Finish()
}
