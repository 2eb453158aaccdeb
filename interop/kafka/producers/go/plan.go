package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// plan is what the suite writes to standard input: see ../../testing/plan.ts.
type plan struct {
	Brokers string
	Topic   string
	// Pad is a long text. Each record holds the beginning of it, so that records have the size that a test wants.
	Pad   string
	Cases []testCase
	// Steps are for transactions alone.
	Steps []step
	// Events are for the CloudEvents SDK alone.
	Events []sdkEvent
}

// testCase is one way to produce: a codec, a level, and records of one kind.
type testCase struct {
	Name       string
	Partition  int32
	Codec      string
	Level      *int
	Idempotent bool
	Count      int
	PadBytes   int
	// NullValue: the records have no value. NullHeader: they have one more header, without a value.
	NullValue  bool
	NullHeader bool
	User       string
}

type header struct {
	key   string
	value []byte
}

// headers returns what makes record n of a case a CloudEvent in binary mode.
func (c testCase) headers(n int) []header {
	made := eventHeaders(fmt.Sprintf("%s/%d", c.Name, n), c.User)
	if !c.NullValue {
		made = append(made, header{"content-type", []byte("application/json")})
	}
	if c.NullHeader {
		made = append(made, header{"x-null", nil})
	}
	return made
}

func eventHeaders(id, user string) []header {
	return []header{
		{"ce_specversion", []byte("1.0")},
		{"ce_id", []byte(id)},
		{"ce_source", []byte("/interop")},
		{"ce_type", []byte("interop.record")},
		{"ce_audience", []byte(`{"users":["` + user + `"]}`)},
	}
}

// value returns the JSON of a record, or nil.
func (c testCase) value(p *plan) []byte {
	if c.NullValue {
		return nil
	}
	return []byte(`{"pad":"` + p.Pad[:c.PadBytes] + `"}`)
}

func readPlan() *plan {
	var p plan
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		fmt.Fprintln(os.Stderr, "the plan on standard input cannot be read:", err)
		os.Exit(2)
	}
	return &p
}

// report tells the suite how many records of a case the broker acknowledged.
func report(name string, sent int, err error) {
	line := map[string]any{"name": name, "sent": sent}
	if err != nil {
		line["error"] = err.Error()
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func reportEach(p *plan, produce func(testCase) error) {
	for _, c := range p.Cases {
		if err := produce(c); err != nil {
			report(c.Name, 0, err)
		} else {
			report(c.Name, c.Count, nil)
		}
	}
}
