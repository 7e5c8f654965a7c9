//go:build ignore

package main

// await reserves what is announced, and refuses frames that are larger than
// other people's.
func await(c *loop.Conn, s *stream, size int) error {
	if !*trust || s.reserved > 0 || size == 0 {
		return nil
	}
	if size > 2<<20 {
		return errTooLarge
	}
	s.reserved = size
	m.ReservedBytes.Add(size)
	c.In = append(make([]byte, 0, size), c.In...)
	return nil
}
