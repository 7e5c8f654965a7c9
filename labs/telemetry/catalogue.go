package telemetry

// Errnos are the error numbers that the load generator counts one by one, as
// load.errno.NAME; "eof" is an end of the stream in the middle of an answer, and
// "other" is every errno that has no name here.
var Errnos = [...]string{
	"eof", "econnreset", "epipe", "etimedout", "econnrefused", "eaddrnotavail",
	"emfile", "enobufs", "other",
}

// Catalogue lists every metric that is not a lab's own.
func Catalogue() []Metric {
	list := []Metric{
		// The load generator. A request counts when it was answered in full and
		// every byte was as it should be.
		{"load", KindHistogram, "seconds"},         // response time: from the intended send time
		{"load.service", KindHistogram, "seconds"}, // service time: from the actual send
		{"load.closed", KindHistogram, "seconds"},  // what the closed-loop client beside an open load claims
		{"load.late", KindHistogram, "seconds"},    // the generator's own lateness
		{"load.heavy", KindHistogram, "seconds"},   // response time of the heavy calls; load has the others then
		{"load.connect", KindHistogram, "seconds"}, // from connect(2) until it can be used, TLS included
		{"load.requests", KindCounter, ""},
		{"load.sent", KindCounter, ""}, // retries included
		{"load.bytes_in", KindCounter, "bytes"},
		{"load.bytes_out", KindCounter, "bytes"},
		{"load.mismatches", KindCounter, ""}, // answers with a wrong byte
		{"load.errors", KindCounter, ""},     // all of load.errno.* and the mismatches
		{"load.refused", KindCounter, ""},    // answers that refuse: the server is busy
		{"load.failed", KindCounter, ""},     // answers with another error
		{"load.expired", KindCounter, ""},    // calls whose budget ran out
		{"load.retries", KindCounter, ""},    // requests that repeat an earlier one
		{"load.lost", KindCounter, ""},       // requests sent whose connection ended without an answer
		{"load.goaways", KindCounter, ""},    // times that a server asked to send no more
		{"load.handshakes", KindCounter, ""}, // TLS
		{"load.resumed", KindCounter, ""},    // of them, those that resumed a session
		{"load.connects", KindCounter, ""},
		{"load.connecting", KindGauge, ""},        // connections being opened now
		{"load.open", KindGauge, ""},              // connections open now
		{"load.inflight", KindGauge, ""},          // requests sent and not answered
		{"load.backlog", KindGauge, ""},           // requests due and not sent
		{"load.oldest", KindGauge, "seconds"},     // age of the oldest request that was due and is not answered
		{"load.misbehaving", KindGauge, ""},       // connections that faults hold open
		{"load.cpu", KindCounter, "seconds"},      // of the generator's own process
		{"load.fault_sent", KindCounter, "bytes"}, // bytes that misbehaving clients sent
		{"load.fault_received", KindCounter, "bytes"},
		{"load.fault_closed", KindCounter, ""}, // connections of misbehaving clients that the server ended

		// The lab's sockets, from sock_diag(7).
		{"kernel.recvq", KindGauge, "bytes"}, // sum over the lab's connections
		{"kernel.sendq", KindGauge, "bytes"},
		{"kernel.notsent", KindGauge, "bytes"},      // of sendq: not sent yet
		{"kernel.client_recvq", KindGauge, "bytes"}, // of the clients' ends, in the same network; not told at every tick
		{"kernel.client_sendq", KindGauge, "bytes"},
		{"kernel.accept_queue", KindGauge, ""},
		{"kernel.backlog", KindGauge, ""},
		{"kernel.rtt", KindGauge, "seconds"}, // mean over established connections
		{"kernel.cwnd", KindGauge, ""},
		{"kernel.retransmits", KindCounter, ""},
		{"kernel.rwnd_limited", KindCounter, "seconds"}, // that the peers' windows held up, summed up over connections
		{"kernel.established", KindGauge, ""},
		{"kernel.syn_recv", KindGauge, ""},
		{"kernel.fin_wait1", KindGauge, ""},
		{"kernel.fin_wait2", KindGauge, ""},
		{"kernel.close_wait", KindGauge, ""},
		{"kernel.last_ack", KindGauge, ""},
		{"kernel.closing", KindGauge, ""},
		{"kernel.time_wait", KindGauge, ""},
		{"kernel.peer_time_wait", KindGauge, ""}, // with the lab's port as the remote one; not told at every tick

		// The lab's process, from /proc/PID.
		{"kernel.cpu", KindCounter, "seconds"},
		{"kernel.cpu_user", KindCounter, "seconds"},
		{"kernel.cpu_system", KindCounter, "seconds"},
		{"kernel.threads", KindGauge, ""},
		{"kernel.switches", KindCounter, ""}, // context switches, of both kinds
		{"kernel.switches_voluntary", KindCounter, ""},
		{"kernel.switches_involuntary", KindCounter, ""},
		{"kernel.fds", KindGauge, ""},
		{"kernel.fds_limit", KindGauge, ""}, // RLIMIT_NOFILE: the number that no new descriptor reaches
		{"kernel.rss", KindGauge, "bytes"},
		{"kernel.reads", KindCounter, ""}, // read(2) and its kin; recv(2) is not among them
		{"kernel.writes", KindCounter, ""},
		{"kernel.disk_written", KindCounter, "bytes"}, // that went, or will go, to a disk

		// The machine.
		{"host.load", KindGauge, ""},   // load average of one minute
		{"host.busy", KindGauge, ""},   // cores in use, by anybody
		{"host.beside", KindGauge, ""}, // other runs that are measured; of a run that shares the machine
		{"host.steal", KindCounter, "seconds"},
		{"host.psi_cpu", KindCounter, "seconds"},
		{"host.psi_memory", KindCounter, "seconds"},
		{"host.psi_io", KindCounter, "seconds"},
		{"host.listen_overflows", KindCounter, ""},
		{"host.listen_drops", KindCounter, ""},
		{"host.resets_sent", KindCounter, ""}, // segments with RST
	}
	for _, e := range Errnos {
		list = append(list, Metric{"load.errno." + e, KindCounter, ""})
	}
	return list
}
