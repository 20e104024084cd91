// Judges a history of `heir-bench write-history` with Porcupine: registers, strings by key, a queue. Prints the verdict
// and the seconds that judging took, reading apart. Used by tools/bench-porcupine.sh.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type line struct {
	Process int
	Type    string
	F       string
	Key     json.RawMessage
	Value   json.RawMessage
}

type input struct{ f, key, value string }

type output struct {
	value   string
	unknown bool // outcome: anything may have been answered
}

const nothing = "null"

func read(file string) ([]porcupine.Event, error) {
	stream, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	var events []porcupine.Event
	open := map[int]int{}     // process -> its call in events
	dropped := map[int]bool{} // calls that never happened, or of whose outcome nobody knows
	var unanswered []porcupine.Event
	for id := 0; lines.Scan(); id++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, err
		}
		if l.Type == "invoke" {
			open[l.Process] = len(events)
			call := input{l.F, string(l.Key), string(l.Value)}
			events = append(events, porcupine.Event{ClientId: l.Process, Kind: porcupine.CallEvent, Value: call, Id: id})
			continue
		}
		at := open[l.Process]
		call := events[at]
		end := porcupine.Event{ClientId: l.Process, Kind: porcupine.ReturnEvent, Id: call.Id}
		switch {
		case l.Type == "ok":
			end.Value = output{value: string(l.Value)}
			events = append(events, end)
		case l.Type == "info" && call.Value.(input).f != "read":
			end.Value = output{unknown: true}
			unanswered = append(unanswered, end)
		default:
			dropped[at] = true
		}
		delete(open, l.Process)
	}
	if lines.Err() != nil {
		return nil, lines.Err()
	}
	kept := events[:0]
	for i, event := range events {
		if !dropped[i] {
			kept = append(kept, event)
		}
	}
	return append(kept, unanswered...), nil
}

// By key, as Porcupine is used best.
func byKey(history []porcupine.Event) [][]porcupine.Event {
	parts := map[string]int{}
	part := map[int]int{}
	var result [][]porcupine.Event
	for _, event := range history {
		if event.Kind == porcupine.CallEvent {
			key := event.Value.(input).key
			if _, known := parts[key]; !known {
				parts[key] = len(result)
				result = append(result, nil)
			}
			part[event.Id] = parts[key]
		}
		at := part[event.Id]
		result[at] = append(result[at], event)
	}
	return result
}

var register = porcupine.Model{
	PartitionEvent: byKey,
	Init:           func() interface{} { return nothing },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		asked, answered := in.(input), out.(output)
		switch asked.f {
		case "write":
			return true, asked.value
		case "append":
			if state == nothing {
				return true, asked.value
			}
			before, after := state.(string), asked.value
			return true, before[:len(before)-1] + after[1:] // JSON strings
		}
		return answered.unknown || answered.value == state, state
	},
}

var queue = porcupine.Model{
	Init: func() interface{} { return "" },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		asked, answered, elements := in.(input), out.(output), state.(string)
		if asked.f == "enqueue" {
			return true, elements + asked.value + ","
		}
		if elements == "" {
			return answered.unknown || answered.value == nothing, elements
		}
		end := 0
		for elements[end] != ',' {
			end++
		}
		return answered.unknown || answered.value == elements[:end], elements[end+1:]
	},
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: porcupine-bench register|keys|kv|queue FILE TIMEOUT")
		os.Exit(2)
	}
	history, err := read(os.Args[2])
	timeout, bad := time.ParseDuration(os.Args[3])
	if err != nil || bad != nil {
		fmt.Fprintln(os.Stderr, err, bad)
		os.Exit(2)
	}
	model := register
	if os.Args[1] == "queue" {
		model = queue
	}
	begin := time.Now()
	verdict := porcupine.CheckEventsTimeout(model, history, timeout)
	fmt.Printf("%s %.6f\n", map[porcupine.CheckResult]string{
		porcupine.Ok: "valid", porcupine.Illegal: "invalid", porcupine.Unknown: "unknown"}[verdict],
		time.Since(begin).Seconds())
}
