package main

import (
	"encoding/json"
	"fmt"
)

// write tells the suite one thing that happened, see ../../testing/lines.ts.
func write(kind string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %s\n", kind, text)
}

// writeMessage tells the suite a message of the gateway, and whether it is the last of the test.
func writeMessage(message []byte) (isLast bool) {
	fmt.Printf("message %s\n", message)
	var event struct{ Type string }
	return json.Unmarshal(message, &event) == nil && event.Type == "interop.last"
}
