//go:build ignore

package main

// reply sends an answer, or puts it where it waits for others: those of one read
// are sent by gather, in one call, when the read holds no message any more.
func reply(c *loop.Conn, header, payload []byte) {
	switch *how {
	case "more":
		send(c, unix.MSG_MORE, header)
		send(c, 0, payload)
	case "each", "writev":
		if pieces = append(pieces, header, payload); len(pieces) == maxPieces {
			gather(c)
		}
	case "buffer":
		enqueue(c, header, payload)
	}
}
