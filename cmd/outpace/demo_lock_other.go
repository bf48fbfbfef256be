//go:build !unix

package main

import "os"

// lockFolder does nothing: folders cannot be locked here. A second demo fails
// later, when it cannot remove the first one's open database.
func lockFolder(*os.File) error { return nil }
