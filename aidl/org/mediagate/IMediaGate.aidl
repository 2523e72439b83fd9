package org.mediagate;

import org.mediagate.Explanation;

/**
 * What an application may ask of the media gate. The caller is the uid that the kernel reports; it is never an
 * argument.
 */
interface IMediaGate {
    /**
     * What would happen if the caller did `operation` to `path` now.
     *
     * The answer holds the verdict, the errno and the rule. The facts of the file are left out: they are for
     * administrators. What does not exist for the caller is ERROR_NOT_FOUND, whether it is there or not.
     *
     * @param operation one of the names that `mediagate check --help` lists, such as `read` or `unlink`
     * @param path absolute below a mount point, or relative to the root of the shared volume
     * @param to the new path of a `rename`, null for everything else
     * @throws ServiceSpecificException IMediaGateAdmin.ERROR_*
     */
    Explanation check(in @utf8InCpp String operation, in @utf8InCpp String path,
        in @nullable @utf8InCpp String to);
}
