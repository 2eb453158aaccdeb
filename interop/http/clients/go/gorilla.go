package main

import (
	"errors"
	"net/http"

	"github.com/gorilla/websocket"
)

// gorilla receives by github.com/gorilla/websocket, with the token in a header and compression offered. Arguments: URL and token.
func gorilla(arguments []string) error {
	dialer := websocket.Dialer{EnableCompression: true, Subprotocols: []string{"cloudevents.json"}}
	connection, _, err := dialer.Dial(arguments[0], http.Header{"Authorization": {"Bearer " + arguments[1]}})
	if err != nil {
		return err
	}
	defer connection.Close()
	write("open", map[string]string{"protocol": connection.Subprotocol()})
	for {
		_, message, err := connection.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			write("close", map[string]any{"code": closed.Code})
			return nil
		}
		if err != nil {
			return err
		}
		if writeMessage(message) {
			err = connection.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
			if err != nil {
				return err
			}
		}
	}
}
