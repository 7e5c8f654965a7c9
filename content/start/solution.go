//go:build ignore

package main

// serve accepts, and has a thread for whoever comes: a client that is silent keeps
// nobody but its own thread.
func serve(addr netip.AddrPort, quit int) error {
	lfd, err := sock.Listen(addr, *backlog)
	if err != nil {
		return err
	}
	slots = make(chan struct{}, *most)
	lab.Listening(lfd)
	go stop(quit)
	for {
		slots <- struct{}{} // while there is none, clients wait to be accepted
		cfd, err := accept(lfd, quit)
		switch {
		case err == io.EOF: // SIGTERM, and nobody is left in the queue
			unix.Close(lfd)
			threads.Wait()
			return nil
		case err != nil:
			return err
		default:
			threads.Go(func() {
				runtime.LockOSThread() // a thread that ends with the connection
				handle(cfd)
				<-slots
			})
		}
	}
}
