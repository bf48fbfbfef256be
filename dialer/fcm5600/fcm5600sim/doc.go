// Package fcm5600sim simulates an FCM5600 over a hostedsim.World, as the PBX's
// page describes it. The world's agents are its extensions.
package fcm5600sim
