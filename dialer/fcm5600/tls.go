package fcm5600

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ParsePin reads the SHA-256 fingerprint of a certificate.
func ParsePin(text string) ([]byte, error) {
	digits := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "sha256:"), ":", "")
	pin, err := hex.DecodeString(digits)
	if err != nil || len(pin) != sha256.Size {
		return nil, errors.New("tls_pin must be the 64 hexadecimal digits of a certificate's SHA-256 fingerprint")
	}
	return pin, nil
}

// Fingerprint writes a certificate (DER) as a pin.
func Fingerprint(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// trust sets how the PBX's certificate is judged: by authorities, by its pin, or
// not at all.
func (c *Config) trust(scheme string) error {
	switch {
	case c.TLSPin == "" && !c.InsecureTLS:
		return nil
	case c.TLSPin != "" && c.InsecureTLS:
		return errors.New("fcm5600: tls_pin and insecure_tls exclude each other")
	case scheme != "https":
		return errors.New("fcm5600: tls_pin and insecure_tls need a base_url with https")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.InsecureSkipVerify = true //nolint:gosec // the setting asks for it, or the pin is checked below
	if c.TLSPin != "" {
		pin, err := ParsePin(c.TLSPin)
		if err != nil {
			return fmt.Errorf("fcm5600: %w", err)
		}
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pin, state) }
	}
	c.TLS = config
	return nil
}

// checkPin compares the certificate that the PBX shows with the pin.
func checkPin(pin []byte, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the PBX shows no certificate")
	}
	shown := state.PeerCertificates[0].Raw
	sum := sha256.Sum256(shown)
	if subtle.ConstantTimeCompare(sum[:], pin) != 1 {
		return fmt.Errorf("the PBX's certificate is not the pinned one, but %s", Fingerprint(shown))
	}
	return nil
}
