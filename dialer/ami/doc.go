// Package ami is a client for the Asterisk Manager Interface, the text
// protocol by which a program watches and commands an Asterisk PBX.
package ami
