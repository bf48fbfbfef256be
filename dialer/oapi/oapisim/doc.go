// Package oapisim is a simulated PBX that offers the oapi: it checks hashes
// and limits as the page says and plays its calls in a hostedsim.World, whose
// agents' extensions and passwords are its devices'.
package oapisim
