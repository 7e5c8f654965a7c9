//go:build ignore

package main

// await prepares for the rest of a frame: with room for twice what has arrived of
// it, and never more than it announces. So the memory follows the bytes.
func await(c *loop.Conn, s *stream, size int) error {
	have := len(c.In)
	if !*trust || size == 0 || have+*bufSize <= s.reserved || s.reserved >= size {
		return nil
	}
	room := max(have, min(size, max(2*have, *bufSize)))
	if m.ReservedBytes.Value()+int64(room-s.reserved) > mostReserved {
		return errTooLarge
	}
	m.ReservedBytes.Add(room - s.reserved)
	s.reserved = room
	c.In = append(make([]byte, 0, room), c.In...)
	return nil
}
