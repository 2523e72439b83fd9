package org.mediagate;

import org.mediagate.Confinement;
import org.mediagate.Transport;
import org.mediagate.Volume;

/** The daemon and its volumes. */
parcelable Status {
    /** Its process. */
    int pid;
    /** Its version. */
    @utf8InCpp String version;
    /** Seconds since it started. */
    long uptimeSeconds;
    /** Threads that serve. */
    int threads;
    /** Nodes that the kernel knows. */
    long nodes;
    /** Open handles. */
    long handles;
    /** Lower files that are registered for passthrough. */
    long backings;
    /** What it serves. */
    Volume[] volumes;
    /** How it can be called. */
    Transport[] transports;
    /** What it may do, and no more. */
    Confinement confinement;
}
