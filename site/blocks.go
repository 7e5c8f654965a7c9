package site

import (
	"encoding/json"
	"net/http"
	"strconv"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
)

// In place of the number of a block.
const (
	allBlocks = -1
	lastBlock = -2
)

// blockOf is the block that a request names, in ?block=N or ?block=last.
func blockOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("block")
	switch text {
	case "":
		return allBlocks, nil
	case "last":
		return lastBlock, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &refusal{err: errRequest, field: "block", text: content.Text{
			Ko: "block은 0부터 세는 블록의 번호입니다: " + text, En: "block is the number of a block, counted from 0: " + text}}
	}
	return n, nil
}

// forget drops what the blocks so far said, but for what tells of the run.
func (m *seriesMaker) forget() {
	fresh := newSeriesMaker(m.block)
	for _, raw := range m.Events {
		var e telemetry.Event
		if raw != nil && json.Unmarshal(raw, &e) == nil && ofRun(e.Kind) {
			fresh.Events = append(fresh.Events, raw)
		}
	}
	fresh.Seq = m.Seq
	*m = *fresh
}

// ofRun says whether events of this kind tell of the run and not of one block:
// whoever looks at a block wants to know of the others that they are there.
func ofRun(k telemetry.Kind) bool {
	switch k {
	case telemetry.KindRun, telemetry.KindState, telemetry.KindBlock, telemetry.KindBlockEnd, telemetry.KindEnd:
		return true
	}
	return false
}
