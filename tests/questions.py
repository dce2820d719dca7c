"""Questions about the textbook, with the place of each answer, and questions that it cannot answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What a reader asks, and the section that answers it."""

    text: str
    chapter: str  # the file's name without `.md`
    heading: str


QUESTIONS = (
    Question(
        "Which robot from the institute KAIST was the winner of the DARPA Robotics Challenge in 2015?",
        "01-what-is-physical-ai",
        "A short history",
    ),
    Question(
        "What did Rodney Brooks stack in his subsumption architecture of simple behaviours?",
        "01-what-is-physical-ai",
        "Embodiment",
    ),
    Question(
        "Why does the yaw of an IMU with gyroscopes and accelerometers keep drifting?",
        "02-sensors-and-perception",
        "The inertial measurement unit",
    ),
    Question(
        "How is the depth of a point computed from the disparity of two stereo cameras?",
        "02-sensors-and-perception",
        "Cameras and depth",
    ),
    Question(
        "How many teeth do flexspline and circular spline have in a strain wave gear, and what is the ratio?",
        "03-actuators-and-drives",
        "Gearboxes",
    ),
    Question(
        "Why put a spring between the gearbox and the joint, as in series elastic actuators?",
        "03-actuators-and-drives",
        "Series elastic actuators",
    ),
    Question(
        "Which way to write down a rotation suffers from gimbal lock: Euler angles or a unit quaternion?",
        "04-kinematics",
        "Describing rotation",
    ),
    Question(
        "How many inverse kinematics solutions has an industrial arm with six joints and a spherical wrist?",
        "04-kinematics",
        "Inverse kinematics",
    ),
    Question(
        "Where on the ground is the zero moment point, and must the ZMP stay inside the support polygon?",
        "05-dynamics-and-balance",
        "The zero moment point",
    ),
    Question(
        "How is the capture point computed from the position and velocity of the centre of mass?",
        "05-dynamics-and-balance",
        "The capture point",
    ),
    Question(
        "Near which Froude number do people switch from walking to running?",
        "06-locomotion",
        "Running and the Froude number",
    ),
    Question(
        "What was the cost of transport of the Cornell biped, of ASIMO and of a walking person?",
        "06-locomotion",
        "Cost of transport",
    ),
    Question(
        "How many contacts does form closure take without friction, and how many fingers does force closure?",
        "07-grasping-and-hands",
        "Form closure and force closure",
    ),
    Question(
        "How does a GelSight tactile sensor see the contact, with a camera behind an elastomer?",
        "07-grasping-and-hands",
        "Slip and tactile sensing",
    ),
    Question(
        "Why do a best-effort publisher and a reliable subscription not match in their quality of service?",
        "08-middleware-ros-2",
        "Quality of service",
    ),
    Question(
        "In which four primary states can a lifecycle node be: unconfigured, inactive and what else?",
        "08-middleware-ros-2",
        "Parameters and lifecycle",
    ),
    Question(
        "How does domain randomisation with random friction, colours and lights help a policy in reality?",
        "09-simulation-and-digital-twins",
        "Domain randomisation",
    ),
    Question(
        "When did DeepMind release MuJoCo, and how does it treat contact in multi-joint dynamics?",
        "09-simulation-and-digital-twins",
        "Gazebo, MuJoCo and Isaac",
    ),
    Question(
        "How many parameters has OpenVLA, and how does the vision-language-action model RT-2 write actions?",
        "10-learning",
        "Vision-language-action models",
    ),
    Question(
        "Why does behaviour cloning drift, and how does DAgger, dataset aggregation, ask the expert?",
        "10-learning",
        "Imitation learning",
    ),
    Question(
        "Which protective distance must the robot keep in speed and separation monitoring?",
        "11-human-robot-interaction-and-safety",
        "Speed and separation monitoring",
    ),
    Question(
        "What do the stop categories 0, 1 and 2 of IEC 60204-1 do with the power?",
        "11-human-robot-interaction-and-safety",
        "Emergency stops",
    ),
    Question(
        "How is availability computed from the mean time between failures and the mean time to repair?",
        "12-power-heat-and-operations",
        "Monitoring and maintenance",
    ),
    Question(
        "Where does the regenerative energy go when the battery is full: capacitors or a brake resistor?",
        "12-power-heat-and-operations",
        "The power bus",
    ),
)

# Those that the page proposes, and what somebody tries who has seen the table of contents.
EXAMPLES = (
    Question(
        "What is physical AI, and why does it need a body?", "01-what-is-physical-ai", "What Is Physical AI?"
    ),
    Question("How do nodes in ROS 2 talk to each other?", "08-middleware-ros-2", "Nodes and topics"),
    Question(
        "What is a digital twin good for?", "09-simulation-and-digital-twins", "Simulation and Digital Twins"
    ),
    Question(
        "How does a humanoid keep its balance while it walks?",
        "05-dynamics-and-balance",
        "Dynamics and Balance",
    ),
)
TOPICS = (
    Question("ROS 2", "08-middleware-ros-2", "Middleware: ROS 2"),
    Question("sim-to-real", "09-simulation-and-digital-twins", "The reality gap"),
    Question("What is the sim-to-real gap?", "09-simulation-and-digital-twins", "The reality gap"),
)

UNANSWERABLE = (
    "Can I bake sourdough bread overnight using rye flour?",
    "Who ruled Byzantium after Emperor Justinian died?",
    "Did Liverpool beat Barcelona during last season's cup final?",
    "Are charitable donations deductible from my income tax?",
)
