//go:build linux

package main

import (
	"log"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// journal is where the work goes that is a disk's: a file that has no name any
// more. write(2) leaves a record with the kernel, which outlives this process;
// only fsync(2) has it outlive the machine's power.
type journal struct {
	file *os.File

	sync.Mutex               // guards the others
	at         int64         // of the next record
	behind     int           // records that were answered and are not known to be on the disk
	slow       time.Duration // what the disk takes for the latest of them
}

// record is what goes to the journal at a time, and turn is where it begins anew.
var record [4096]byte

const turn = 256 * int64(len(record))

// startJournal opens it, and with -sync-every has a thread sync it until stopped.
func startJournal() (stop func(), err error) {
	if *kind != "disk" {
		return func() {}, nil
	}
	if disk.file, err = os.CreateTemp("", "labs-workers-"); err != nil {
		return nil, err
	}
	if err = os.Remove(disk.file.Name()); err != nil {
		return nil, err
	}
	var syncing sync.WaitGroup
	end := make(chan struct{})
	if *syncEvery > 0 {
		syncing.Go(func() { disk.sync(end) })
	}
	return func() {
		close(end)
		syncing.Wait()
		disk.file.Close()
	}, nil
}

// put has a record on the disk, or with -sync-every only with the kernel: then it
// is answered before a disk has it. A disk takes d for it.
func (j *journal) put(d time.Duration) error {
	if *syncEvery == 0 {
		return j.flush(d)
	}
	j.Lock()
	j.behind++
	j.slow = d
	m.Unsynced.Set(j.behind)
	j.Unlock()
	return j.write()
}

// sync flushes what has come since the last time, again and again: one time for
// all of them.
func (j *journal) sync(end <-chan struct{}) {
	for last := false; !last; {
		select {
		case <-end:
			last = true
		case <-time.After(*syncEvery):
		}
		j.Lock()
		n, d := j.behind, j.slow
		j.Unlock()
		if n == 0 {
			continue
		}
		if err := j.flush(d); err != nil {
			log.Print(err) // they stay behind
			continue
		}
		j.Lock()
		j.behind -= n
		m.Unsynced.Set(j.behind)
		j.Unlock()
	}
}

// flush writes a record and waits for the disk, again and again until d is over,
// at least once: fsync(2) comes back when the device says that it has it.
func (j *journal) flush(d time.Duration) error {
	began := time.Now()
	for first := true; first || time.Since(began) < d; first = false {
		at := time.Now()
		if err := j.write(); err != nil {
			return err
		}
		if err := unix.Fsync(int(j.file.Fd())); err != nil {
			return os.NewSyscallError("fsync", err)
		}
		m.Syncs.Inc()
		m.DiskWait.Add(int(time.Since(at).Microseconds()))
	}
	return nil
}

// write leaves a record with the kernel.
func (j *journal) write() error {
	j.Lock()
	at := j.at
	j.at = (at + int64(len(record))) % turn
	j.Unlock()
	_, err := j.file.WriteAt(record[:], at)
	return err
}
