// Lets emersion/go-msgauth verify and sign mail: reads a request as JSON, and writes what it found.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log"
	"net"
	"os"

	"github.com/emersion/go-msgauth/dkim"
)

type request struct {
	Resolver string
	Verify   [][]byte
	Sign     []struct {
		Domain, Selector, PrivateKey string
		Message                      []byte
	}
}

type answer struct {
	Verdicts []string `json:"verdicts"`
	Signed   [][]byte `json:"signed"`
}

func main() {
	var asked request
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, asked.Resolver)
	}}
	lookup := func(name string) ([]string, error) { return resolver.LookupTXT(context.Background(), name+".") }

	found := answer{Verdicts: []string{}, Signed: [][]byte{}}
	for _, message := range asked.Verify {
		found.Verdicts = append(found.Verdicts, verdict(message, lookup))
	}
	for _, each := range asked.Sign {
		block, _ := pem.Decode([]byte(each.PrivateKey))
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		must(err)
		var signed bytes.Buffer
		must(dkim.Sign(&signed, bytes.NewReader(each.Message), &dkim.SignOptions{
			Domain: each.Domain, Selector: each.Selector, Signer: key.(crypto.Signer),
		}))
		found.Signed = append(found.Signed, signed.Bytes())
	}
	must(json.NewEncoder(os.Stdout).Encode(found))
}

// verdict gives the domain that a message is signed for, or what is wrong with its signature.
func verdict(message []byte, lookup func(string) ([]string, error)) string {
	results, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: lookup})
	switch {
	case err != nil:
		return err.Error()
	case len(results) == 0:
		return "not signed"
	case results[0].Err != nil:
		return results[0].Err.Error()
	}
	return "pass " + results[0].Domain
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
